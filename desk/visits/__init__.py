"""Visits (走访、微走访): planned for the posts of a grid, made with a phone, counted; a place is visited, and nobody's life written down."""
