"""Encodings, damaged JSON, old and future formats, exports, and files that are something else."""

import json

from tests.broken.kind import Kind, text


def dumped(notebook, **how):
    return json.dumps(notebook, **{"ensure_ascii": False, "indent": 0, **how})


def accented(notebook):
    notebook["cells"][0]["source"] += "\n# né à Zürich"
    return notebook


def format_3(notebook):
    cells = []
    for cell in notebook["cells"]:
        old = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        is_code = cell["cell_type"] == "code"
        lines = cell["source"].splitlines(keepends=True)
        cells.append(
            old | ({"input": lines, "language": "python", "collapsed": False} if is_code else {"source": lines})
        )
    heading = {"cell_type": "heading", "level": 1, "metadata": {}, "source": "Mine"}
    sheets = [{"cells": [heading, *cells], "metadata": {}}, "no sheet", {"cells": 3}]
    return {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": sheets}


def percent_script(notebook):
    parts = ["# ---\n# jupyter:\n#   jupytext:\n#     format_name: percent\n# ---\n"]
    for cell in notebook["cells"]:
        is_code = cell["cell_type"] == "code"
        parts.append("# %%\n" + text(cell) if is_code else "# %% [markdown]\n# " + text(cell).replace("\n", "\n# "))
    return "\n\n".join(parts)


def plain_script(notebook):
    parts = ["#!/usr/bin/env python\n# coding: utf-8"]
    parts += [
        f"# In[{number}]:\n\n\n{text(cell)}"
        for number, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code"
    ]
    return "\n\n".join(parts)


def nul_in_source(notebook):
    notebook["cells"][3]["source"] += "\n# \0 \0"
    return notebook


def surrogates(notebook):
    for cell in notebook["cells"]:
        cell["source"] += "\n# \ud800 \udfff"
    return notebook


def with_metadata_text(addition):
    """JSON text with something that json.dumps would not write put into the notebook's metadata."""
    return lambda notebook: dumped(notebook).replace(
        '"metadata": {\n"kernelspec"', f'"metadata": {{\n{addition},\n"kernelspec"', 1
    )


def repeated_cells(notebook):
    return '{"cells": [], ' + dumped(notebook).lstrip()[1:]


def conflict(notebook):
    lines = dumped(notebook).split("\n")
    return "\n".join([*lines[:40], "<<<<<<< HEAD", lines[40], "=======", lines[40], ">>>>>>> theirs", *lines[41:]])


def other_stage(notebook):
    notebook["metadata"]["seqlab"]["stage"] = "s04_gates"
    return notebook


def with_language(name):
    def make(notebook):
        notebook["metadata"] |= {
            "kernelspec": {"name": "ir", "display_name": "R", "language": name},
            "language_info": {"name": name},
        }
        return notebook

    return make


def large_outputs(notebook):
    notebook["cells"][3]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * (200 << 20)}]
    return notebook


def long_source(notebook):
    notebook["cells"][0] |= {"source": "# " + "x" * (2 << 20)}
    return notebook


FILES = [
    Kind("byte-order-mark", lambda whole: b"\xef\xbb\xbf" + dumped(whole).encode()),
    Kind("utf-16", lambda whole: dumped(whole).encode("utf-16"), "is in UTF-16"),
    Kind("utf-16-without-mark", lambda whole: dumped(whole).encode("utf-16-le"), "is in UTF-16-LE"),
    Kind("utf-16-big-endian-without-mark", lambda whole: dumped(whole).encode("utf-16-be"), "is in UTF-16-BE"),
    Kind("utf-32", lambda whole: dumped(whole).encode("utf-32"), "is in UTF-32"),
    Kind("latin-1", lambda whole: dumped(accented(whole)).encode("latin-1"), "read as Latin-1"),
    Kind(
        "nul-bytes-at-the-end",
        lambda whole: dumped(whole).encode() + b"\0" * 4096,
        "4096 NUL characters were taken out",
    ),
    Kind("nul-bytes-within", lambda whole: dumped(whole).replace("\n", "\0\n", 20), "20 NUL characters were taken out"),
    Kind("nul-escapes-in-a-source", nul_in_source, "holds NUL or half characters"),
    Kind("surrogates", surrogates, "holds NUL or half characters"),
    Kind("windows-line-ends", lambda whole: dumped(whole).replace("\n", "\r\n").replace("\\n", "\\r\\n")),
    Kind("raw-line-breaks-in-strings", lambda whole: dumped(whole).replace("\\n", "\n", 30)),
    Kind("truncated", lambda whole: dumped(whole)[:9000], "not JSON", refused=True),
    Kind("empty", lambda whole: b"", "there is no notebook in the hand-in, or it is empty", refused=True),
    Kind("white-space", lambda whole: b" \n\t\n", "or it is empty", refused=True),
    Kind("prose-instead", lambda whole: "Dear teacher, my laptop broke.", "not JSON", refused=True),
    Kind("zip-instead", lambda whole: b"PK\x03\x04\x14\x00" + bytes(range(256)), "a zip archive", refused=True),
    Kind("pdf-instead", lambda whole: b"%PDF-1.7\n\xe2\xe3", "a PDF", refused=True),
    Kind(
        "web-page-instead",
        lambda whole: "<!DOCTYPE html><html><body>def rnn_forward(): ...</body></html>",
        "a web page",
        refused=True,
    ),
    Kind("merge-conflict", conflict, "merge conflict", refused=True),
    Kind("json-list", lambda whole: dumped(whole["cells"]), "no list of cells", refused=True),
    Kind("json-other", lambda whole: '{"name": "package", "version": "1.0"}', "no list of cells", refused=True),
    Kind(
        "json-cells-as-dict",
        lambda whole: whole | {"cells": {"0": whole["cells"][0]}},
        "no list of cells",
        refused=True,
    ),
    Kind("json-followed-by-more", lambda whole: dumped(whole) + "\n}]}\n", "something follows the notebook"),
    Kind("json-with-nan", with_metadata_text('"x": [NaN, -Infinity, 1e999]')),
    Kind("json-with-huge-integer", with_metadata_text('"x": ' + "9" * 6000)),
    Kind("json-with-repeated-keys", repeated_cells, "keys occur twice in one place of the file (cells)"),
    Kind("format-3", format_3, "old format 3"),
    Kind("format-4-99", lambda whole: whole | {"nbformat_minor": 99}, "format 4.99 is newer"),
    Kind("format-5", lambda whole: whole | {"nbformat": 5, "nbformat_minor": 0, "blocks": {}}, "format 5.0 is newer"),
    Kind("format-of-no-number", lambda whole: whole | {"nbformat": "four", "nbformat_minor": None}),
    Kind("script-percent", percent_script, "is a Python script"),
    Kind("script-export", plain_script, "is a Python script"),
    Kind(
        "script-of-answers",
        lambda whole: "\n\n\n".join(text(cell) for cell in whole["cells"] if cell["id"].startswith("answer-")),
        "is a Python script",
    ),
    Kind("script-of-something-else", lambda whole: '"""Mine."""\nprint(1)\n', "not JSON", refused=True),
    Kind("other-stage", other_stage, "this is the notebook of s04_gates, expected that of s01_rnn", refused=True),
    Kind(
        "other-notebook",
        lambda whole: {"cells": [{"cell_type": "code", "source": "print(1)"}], "nbformat": 4},
        "this is not the notebook of s01_rnn",
        refused=True,
    ),
    Kind("kernel-of-r", with_language("R"), "says that it is written in r"),
    Kind("deep-nesting", lambda whole: "[" * 200_000, "nested too deeply", refused=True, big=True),
    Kind(
        "deep-nesting-in-metadata",
        with_metadata_text('"x": ' + "[" * 100_000 + "]" * 100_000),
        "nested too deeply",
        refused=True,
        big=True,
    ),
    Kind("outputs-of-200-mb", large_outputs, big=True),
    Kind(
        "json-that-fills-memory",
        lambda whole: b'{"cells": [' + b"[]," * (48 << 20) + b"[]]}",
        "2 GB of memory and 120 seconds do not suffice",
        refused=True,
        big=True,
    ),
    Kind("source-of-2-mb", long_source, "has 2097154 characters and was left out", big=True),
    Kind("file-of-300-mb", lambda whole: b" " * (300 << 20) + b"{}", "at most 256 MB are read", refused=True, big=True),
]
