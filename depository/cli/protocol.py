"""Names that the command and its callers agree on."""

COMPLETE_VARIABLE = "_DEPOSITORY_COMPLETE"
"""In the environment of a call by which a shell asks for completions."""
