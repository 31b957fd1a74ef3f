"""autograder: for staff. Builds the stages (``authoring``), judges submissions, keeps the gradebook.

It never runs student code in its own process; ``sandbox/inside`` is the only part that does, inside a sandbox.
"""
