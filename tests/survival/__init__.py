"""Faults: what is acknowledged stays, counts once, and is seen at once. `./test --survival` runs them all."""
