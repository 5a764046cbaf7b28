"""Whether all that was archived is there and right, and mending what can be mended, from proof and never by guess."""
