"""Patrols (巡查): walked by posts, planned by nights, missed where nobody said that they were walked (docs/patrols.md)."""
