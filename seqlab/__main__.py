"""``python -m seqlab``: the command ``seqlab``, where it is not on PATH."""

from seqlab.cli import main

main(prog_name="seqlab")
