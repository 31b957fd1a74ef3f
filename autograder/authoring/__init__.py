"""From a master to what students receive: parse, build the source notebook, release, audit, bundle.

Reading order: ``master``, ``source``, ``checks``, ``release``, ``audit``, then ``bundle``, ``solved``, ``scaffold``.
"""
