"""What a notebook is. Pure: no files, no clock, no chance."""
