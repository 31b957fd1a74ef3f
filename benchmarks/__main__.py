"""``make bench``: measure, and print the table."""

from __future__ import annotations

import os
import platform

import numpy as np

<<<<<<< HEAD
from benchmarks import data, grading, scaling
=======
from benchmarks import data, references
>>>>>>> ba7500c92f2ddb417df2b2442d2651696fe252a8
from benchmarks.measuring import print_table


def main() -> None:
    """Measure everything."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{cores} cores, {platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}")
    print_table("Data", list(data.measure()))
<<<<<<< HEAD
    print_table("Grading", [*grading.measure(), *scaling.measure()])
=======
    print_table("The fast forms", list(references.measure()))
>>>>>>> ba7500c92f2ddb417df2b2442d2651696fe252a8


if __name__ == "__main__":
    main()
