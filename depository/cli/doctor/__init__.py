"""What can be wrong on the way from a save to the archive: a small check for each, and what to do about it."""
