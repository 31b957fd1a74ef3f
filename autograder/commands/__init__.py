"""What the command ``autograder`` does, a module for each kind of work; ``autograder.cli`` puts them together."""
