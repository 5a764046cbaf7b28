"""Cells followed through the versions of a notebook, and from one notebook to another."""
