"""What `scripts/bench` measures, a module for each section, and how it is written down."""
