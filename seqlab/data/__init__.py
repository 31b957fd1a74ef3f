"""Data sets as arrays. Nothing here downloads anything: what is missing says which command brings it."""
