"""Checks of depositories, and what they mend."""
