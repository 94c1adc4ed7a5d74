"""Inspections (检查) and findings (隐患): what was looked at at a site, what it came to, and what becomes of it."""
