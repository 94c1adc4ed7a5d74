"""Campaigns (专项行动): what they have to reach, how far they are, and what is agreed on the way."""
