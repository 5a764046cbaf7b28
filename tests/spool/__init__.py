"""Tests of the spool: what waits, in which order it is archived, and by whom."""
