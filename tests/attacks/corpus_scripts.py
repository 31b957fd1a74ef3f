"""Hand-ins with scripts for the instructor's browser, spreadsheet or terminal. Each script says alert(31337)."""

from __future__ import annotations

from collections.abc import Callable

from tests.attacks.hostile import HandInCase, Notebook, code, everywhere, prose

KIND = "script"
CALL = "alert(31337)"
TAG = f"<script>{CALL}</script>"
HTML = f"{TAG}<img src=x onerror={CALL}><svg onload={CALL}><iframe srcdoc='{TAG}'></iframe>"
LINKS = f"""[a](javascript:{CALL}) [b](&#106;avascript:{CALL}) ![c](javascript:{CALL})
[d]: javascript:{CALL}
[e][d] <javascript:{CALL}> [f](data:text/html,{TAG}) [g](JaVaScRiPt:{CALL} "title" onmouseover={CALL})
[h](vbscript:{CALL}) $\\href{{javascript:{CALL}}}{{x}}$ [i](javascript\\:{CALL})
<a href="java&#10;script:{CALL}">i</a> <a href=" javascript:{CALL}">j</a>"""
BLOCKS = f"""<style>@import 'javascript:{CALL}'; * {{ background: url("javascript:{CALL}") }}</style>
<math><mtext></mtext><annotation-xml encoding="text/html">{HTML}</annotation-xml></math>
<form action="javascript:{CALL}"><button formaction="javascript:{CALL}">x</button></form>
<base href="javascript:{CALL}//"><meta http-equiv="refresh" content="0;url=javascript:{CALL}">
<noscript><p title="</noscript>{HTML}"></noscript><!--><img src=x onerror={CALL}>-->
$$</script>{TAG}$$ $x<img src=x onerror={CALL}>$ `{TAG}` \\<script>{CALL}\\</script>

```mermaid
graph TD; A["<img src=x onerror={CALL}>"]; click A "javascript:{CALL}"
```
```html
{HTML}
```"""


def edited(name: str, edit: Callable[[Notebook], object]) -> HandInCase:
    """A hand-in that carries something."""
    return HandInCase(name, KIND, edit=lambda notebook: edit(notebook) and None)


def outputs(notebook: Notebook) -> None:
    """HTML, JavaScript, SVG and widgets as outputs of every code cell."""
    data = {
        "text/html": HTML,
        "application/javascript": CALL,
        "image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg' onload='{CALL}'><script>{CALL}</script></svg>",
        "text/markdown": LINKS,
        "text/latex": f"$\\href{{javascript:{CALL}}}{{x}}$",
        "image/png": f'" onerror="{CALL}',
        "application/vnd.jupyter.widget-view+json": {"model_id": f"</script>{TAG}"},
    }
    error = {
        "output_type": "error",
        "ename": TAG,
        "evalue": TAG,
        "traceback": [HTML, "\x1b]8;;javascript:alert(31337)\x07"],
    }
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            shown = {"output_type": "display_data", "data": data, "metadata": {"image/png": {"width": f'"{TAG}'}}}
            cell["outputs"] = [shown, error, {"output_type": "stream", "name": "stdout", "text": HTML}]


def names(notebook: Notebook) -> None:
    """Cell ids, tags, kernels and titles."""
    evil = f'"><b onmouseover={CALL}>{TAG}'
    for cell in notebook["cells"][1:3]:
        cell["id"] = evil
        cell["metadata"] = {"tags": [evil], "nbgrader": {"grade_id": evil, "grade": False, "solution": True}}
    notebook["metadata"] = {
        **notebook["metadata"],
        "title": evil,
        "kernelspec": {"name": evil, "display_name": evil},
        "language_info": {"name": evil, "pygments_lexer": evil, "codemirror_mode": evil},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}, "x": f"</script>{TAG}"}},
    }


def attachments(notebook: Notebook) -> None:
    """Files beside the prose."""
    files = {"a.svg": {"image/svg+xml": HTML}, f'"{TAG}': {f'image/png" onerror="{CALL}': "AAAA"}}
    notebook["cells"].append(prose(f"![x](attachment:a.svg) ![y](attachment:{TAG})", attachments=files))


def retyped(notebook: Notebook) -> None:
    """Answers as prose and as raw HTML."""
    for number, cell in enumerate(cell for cell in notebook["cells"] if cell["id"].startswith("answer-")):
        cell["cell_type"], cell["source"] = ("markdown", "raw")[number % 2], HTML + LINKS


ATTACKS = (
    edited("outputs", outputs),
    edited("attachments", attachments),
    edited("names_and_metadata", names),
    edited("retyped_cells", retyped),
    edited("prose_with_html", lambda notebook: notebook["cells"].append(prose(HTML))),
    edited("prose_with_links", lambda notebook: notebook["cells"].append(prose(LINKS))),
    edited("prose_with_blocks", lambda notebook: notebook["cells"].append(prose(BLOCKS))),
    edited("prose_with_half_characters", lambda notebook: notebook["cells"].append(prose("\ud800" + HTML))),
    edited("code_that_closes_its_frame", lambda notebook: notebook["cells"].append(code(f"'''</pre></div>{HTML}'''"))),
    edited("another_stage_s_name", lambda notebook: notebook["metadata"].update(seqlab={"stage": f"{HTML}\ud800"})),
    HandInCase("errors", KIND, f"raise ValueError({HTML!r})", everywhere(f"raise ValueError({HTML!r})")),
    HandInCase("error_names", KIND, answers=everywhere(f"raise type({TAG!r}, (Exception,), {{}})({LINKS!r})")),
    HandInCase(
        "prints",
        KIND,
        f"print({HTML!r}, '\\x1b]0;evil\\x07\\x1b[2J\\x9b31m')\n"
        f"from IPython.display import *\ndisplay(HTML({HTML!r}), Javascript({CALL!r}))",
    ),
    HandInCase("types_and_shapes", KIND, answers=everywhere(f"return type({TAG!r}, (), {{'shape': ({HTML!r},)}})()")),
    HandInCase(
        "formulas",
        KIND,
        answers=everywhere("raise type('=HYPERLINK(\"javascript:alert(31337)\")', (Exception,), {})('=1+1|cmd')"),
    ),
    HandInCase("terminal_escapes", KIND, "raise ValueError('\\x1b[2J\\x1b]52;c;ZXZpbA==\\x07\\r\\n=cmd\\u202e')"),
)
