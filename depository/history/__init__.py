"""Manifests and pages: what happened to each path, and the one way of adding to it."""
