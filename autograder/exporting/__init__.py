"""``autograder export``: the final scores of a stage in the forms that nbgrader, Canvas and Moodle read."""
