"""Proof that the verdicts are right, measured for each exercise.

Three questions, one module each. Does a wrong answer lose points (``trying``: mutants, answers broken by one small
change)? Is each classic mistake named as itself (``naming``)? Does a right answer in other clothes ever lose
(``accepting``)? No ready mutation tool fits: those that there are run a test command on files, while here an answer is
a marked region of a notebook's cell and the verdict is the judge's. Operators (``expressions``, ``statements``) make
mutants (``making``); those that live on are told from the harmless ones by ``equivalent.toml``; ``table`` puts all into
docs/truth.md.
"""
