"""Mutants that no test kills, and what looking at each of them showed."""

REASONS: dict[str, str] = {}
"""By `Mutant.name`."""
