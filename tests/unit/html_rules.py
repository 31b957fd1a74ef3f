"""What every page of ours keeps: well formed, nothing that runs or loads, headings, tables and pictures in words."""

import itertools
from html.parser import HTMLParser

from bs4 import BeautifulSoup

VOID = {"meta", "br", "wbr", "hr", "img", "link", "input"}
ACTIVE = ["script", "iframe", "object", "embed", "form", "base", "link", "img", "audio", "video", "use", "image"]
ADDRESSES = ("href", "src", "xlink:href", "action", "srcset", "poster", "data", "formaction", "background")


class Nesting(HTMLParser):
    """Collects tags that are closed out of order, or never."""

    def __init__(self, page):
        super().__init__()
        self.open, self.wrong = [], []
        self.feed(page)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """``<rect/>`` is open and closed."""

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")


def broken_rules(page):
    """A line for each rule that a page breaks, with what breaks it."""
    soup = BeautifulSoup(page, "html.parser")
    found = {
        "nesting": Nesting(page).wrong,
        "runs or loads": [tag.name for tag in soup.find_all(ACTIVE)],
        "handlers": [name for tag in soup.find_all(True) for name in tag.attrs if name.lower().startswith("on")],
        "addresses": [address for address in addresses(soup) if ":" in address],
        "styles that load": [word for word in ("url(", "@import", "expression(") if word in page],
        "policy": [one for one in policies(soup) or [""] if "default-src 'none'" not in one or "script" in one],
        "ids": twice([tag["id"] for tag in soup.find_all(id=True)]),
        "references": [name for name in referred(soup) if soup.find(id=name) is None],
        "headings": odd_headings(soup),
        "tables": [str(table)[:80] for table in soup.find_all("table") if table.caption is None or not table.thead],
        "scopes": [str(th) for th in soup.find_all("th") if th.get("scope") not in ("row", "col")],
        "pictures": [str(svg)[:80] for svg in soup.find_all("svg") if not svg.title or svg.get("role") != "img"],
        "details": [str(one)[:80] for one in soup.find_all("details") if one.find(True).name != "summary"],
        "language": none_of([soup.html.get("lang")]) if soup.html else ["no html"],
        "viewport": none_of(soup.find_all("meta", attrs={"name": "viewport"})),
        "title": none_of([soup.title.get_text(strip=True)]),
        "landmark": none_of(soup.find_all("main")),
    }  # fmt: skip
    return {rule: what for rule, what in found.items() if what}


def addresses(soup):
    return [tag[name] for tag in soup.find_all(True) for name in ADDRESSES if name in tag.attrs]


def policies(soup):
    return [tag["content"] for tag in soup.find_all("meta", attrs={"http-equiv": "Content-Security-Policy"})]


def none_of(things):
    return [] if [thing for thing in things if thing] else ["none"]


def twice(names):
    return sorted({name for name in names if names.count(name) > 1})


def referred(soup):
    links = [tag["href"][1:] for tag in soup.find_all("a", href=True) if tag["href"].startswith("#")]
    return links + [
        name for tag in soup.find_all(attrs={"aria-labelledby": True}) for name in tag["aria-labelledby"].split()
    ]


def odd_headings(soup):
    """One h1, first, and never a level skipped on the way down."""
    levels = [int(tag.name[1]) for tag in soup.find_all(["h1", "h2", "h3", "h4", "h5", "h6"])]
    jumps = [(a, b) for a, b in itertools.pairwise(levels) if b > a + 1]
    return jumps or ([] if levels[:1] == [1] and levels.count(1) == 1 else levels)
