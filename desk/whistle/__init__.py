"""Whistles (吹哨报到): asked, approved, answered on site, and ended by the community that asked."""
