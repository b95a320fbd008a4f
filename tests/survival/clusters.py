"""Faults of a cluster."""
