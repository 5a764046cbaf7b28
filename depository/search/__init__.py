"""Search: the texts of all versions in a local index, and what is found in them."""
