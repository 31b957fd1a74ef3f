"""Tools of stage 8: a small network that sees, questions grouped by their images, training, tables by kind."""
