"""Benches: benchfmt, a peer and the floor, side by side in one run. `python -m bench` prints them (bench/README.md)."""
