"""Pure rules of inspections: sites, checklists, and what the answers to one mean. No files, clock, database."""
