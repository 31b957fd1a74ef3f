"""``autograder collect``: from an LMS's export to ``classroom/submitted/``."""
