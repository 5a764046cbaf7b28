"""Blobs, outputs and pages: stored once, under the hash of what they hold."""
