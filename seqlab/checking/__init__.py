"""Public checks: cases stored as data in ``checks.h5`` and replayed on a student's own functions.

Reading order: ``values`` (what a result is), ``steps`` (what a case does), ``workbench`` (doing it),
``compare`` (judging one output), ``casefile`` (the file), ``check`` and ``toy`` (what students call).
"""
