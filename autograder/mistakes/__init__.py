"""One module per stage, each with its ``MISTAKES``: named wrong answers, as edits of the right one."""
