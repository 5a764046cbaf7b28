"""What is needed to attack a depository, and to hold what survived against what was promised."""
