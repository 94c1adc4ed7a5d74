"""Pure geometry: no files, no network, no clock, no database."""
