"""What changed between notebooks: pure functions, with bounded work."""
