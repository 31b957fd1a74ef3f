"""One module per stage, each with its ``SUITE``: plain Python, written as if the student's code were local."""
