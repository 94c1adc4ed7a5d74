"""What is personal: contacts that are opened one at a time, and what goes when its time is over."""
