"""A difference as one page of HTML that needs nothing else, and in which nothing of a notebook can run."""

from depository.diff.page.document import render

__all__ = ["render"]
