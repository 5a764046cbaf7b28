"""Proofs under fire: each module attacks one promise of a depository, and counts what survived."""
