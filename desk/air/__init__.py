"""The air (空气): what monitors measured, as files that lie in a watched folder, and what it comes to by the standard, for reference."""
