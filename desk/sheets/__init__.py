"""Daily sheets (日通报): drawn up, checked, signed, sent, withdrawn."""
