"""Who holds which post, who is on duty, and how much each carries."""
