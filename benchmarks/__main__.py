"""``make bench``: measure, and print the table."""

from __future__ import annotations

import platform

import numpy as np

from benchmarks import data, grading, references, scaling
from benchmarks.measuring import cores, print_table


def main() -> None:
    """Measure everything."""
    print(f"{cores()} cores, {platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}")
    print("measuring data, then grading (some minutes), then the fast forms ...", flush=True)
    print_table("Data", list(data.measure()))
    print_table("Grading", [*grading.measure(), *scaling.measure()])
    print_table("The fast forms", list(references.measure()))
    print("Next: compare with docs/benchmarks.md, on a quiet machine.")


if __name__ == "__main__":
    main()
