"""The bundle with which Gradescope grades a stage by our judge, and what runs there."""
