"""Where student code runs: ``bubblewrap`` builds the walls, ``inside`` runs within them, ``child`` talks to it.

The seam for later: :class:`autograder.sandbox.child.Launcher` starts a child. A warm fork server is another launcher.
"""
