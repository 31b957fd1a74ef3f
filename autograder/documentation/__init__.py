"""The documentation site: pages put together from docs/, the course and the docstrings, then built by Sphinx.

There are two, one for each audience: ``students`` may be published to a class, ``staff`` has everything.
"""
