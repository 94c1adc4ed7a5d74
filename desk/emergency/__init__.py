"""Emergencies (应急) and the card of a building: whom to call, what to cut off, what was done when."""
