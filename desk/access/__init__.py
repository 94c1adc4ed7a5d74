"""Who comes in, as whom, and what they may do."""
