"""Pages without scripts: what ``nbgrader generate_feedback`` makes, cleaned of everything that could run.

nbgrader's template brings MathJax and RequireJS from elsewhere, and a hand-in's prose comes through it. Students and
instructors open the page in a browser in which they are logged in elsewhere, so nothing in it may run or call home.
"""

from __future__ import annotations

from typing import Any

import bleach  # type: ignore[import-untyped]
from bs4 import BeautifulSoup, Tag
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import markdown2html

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
ACTIVE = (
    "script", "noscript", "template", "iframe", "frame", "frameset", "object", "embed", "applet", "portal",
    "form", "input", "button", "textarea", "select", "base", "meta", "link", "audio", "video",
)  # fmt: skip
ADDRESSES = ("href", "src", "xlink:href", "action", "formaction", "srcset", "poster", "background", "data", "ping")
HARMLESS = ("#", "http://", "https://", "mailto:", "data:image/png;", "data:image/jpeg;", "data:image/gif;")
PROSE = (
    "a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li mark ol p pre q s samp "
    "small span strong sub summary sup table tbody td tfoot th thead tr u ul var"
)
PROSE_ATTRIBUTES = {"*": ["class", "title"], "a": ["href"], "img": ["src", "alt", "width", "height"], "ol": ["start"]}
PROSE_SCHEMES = ("http", "https", "mailto")


class HarmlessFeedback(HTMLExporter):
    """nbgrader's feedback page, cleaned."""

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> Any:
        """The page as text, and the resources."""
        convert: Any = super().from_notebook_node
        page, resources = convert(nb, resources=resources, **kw)
        return harmless_page(page), resources


def harmless_markdown(source: str) -> str:
    """Prose as HTML, cleaned after it was rendered: ``[look](javascript:...)`` is no HTML before.

    It stands in for nbconvert's filter ``markdown2html`` in feedback pages and in formgrader, whose page has no policy.
    """
    page = markdown2html(source)
    cleaned: str = bleach.clean(
        page, tags=PROSE.split(), attributes=PROSE_ATTRIBUTES, protocols=PROSE_SCHEMES, strip=True
    )
    return cleaned


def harmless_page(page: str) -> str:
    """A page without scripts, frames, forms, handlers, or addresses that run; and a policy that forbids them."""
    soup = BeautifulSoup(page, "html.parser")
    for tag in soup.find_all(ACTIVE):
        tag.decompose()
    for tag in soup.find_all(True):
        _disarm(tag)
    if soup.head is None:
        soup.insert(0, soup.new_tag("head"))
    policy = soup.new_tag("meta", attrs={"http-equiv": "Content-Security-Policy", "content": POLICY})
    for place, tag in enumerate((soup.new_tag("meta", attrs={"charset": "utf-8"}), policy)):
        (soup.head or soup).insert(place, tag)
    return str(soup)


def _disarm(tag: Tag) -> None:
    for name, value in list(tag.attrs.items()):
        lower = name.lower()
        if lower.startswith("on") or (lower in ADDRESSES and not _harmless(value)):
            del tag.attrs[name]


def _harmless(address: object) -> bool:
    """Browsers ignore blanks and control characters in an address, so they are taken out before it is looked at."""
    plain = "".join(letter for letter in str(address) if letter.isprintable() and not letter.isspace()).lower()
    return plain.startswith(HARMLESS) or ":" not in plain
