"""Measurements of speed, as ratios within one run: ``make bench``. Figures taken so far: docs/benchmarks.md."""
