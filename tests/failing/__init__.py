"""Persenaut with one more path, which fails with what it was given: for tests of what becomes known of a failure."""
