"""Read the console's pages as a browser would, and look at what they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx

from tests.support.admin_api import AdminApi
from trueup.model.access import Role

HTML = {"Accept": "text/html,application/xhtml+xml"}
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "path", "rect", "circle", "line", "use"}


@dataclass(slots=True)
class Tag:
    """One element: its name, its attributes, and the text in it."""

    name: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass(slots=True)
class Page(HTMLParser):
    """A page, taken apart: its elements in order, and its text."""

    html: str
    status: int
    tags: list[Tag] = field(default_factory=list)
    open_tags: list[Tag] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_data(" ")
        self.tags.append(Tag(tag, dict(attrs)))
        if tag not in VOID:
            self.open_tags.append(self.tags[-1])

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open_tags, tag
            assert self.open_tags[-1].name == tag, (tag, self.open_tags[-1])
            self.open_tags.pop()

    def handle_data(self, data: str) -> None:
        for tag in self.open_tags:
            tag.text += data

    def all(self, name: str, **attributes: str) -> list[Tag]:
        """The elements of this name with these attributes."""
        return [t for t in self.tags if t.name == name and attributes.items() <= t.attributes.items()]

    @property
    def text(self) -> str:
        """All that a person reads, on one line."""
        return " ".join(next(tag.text for tag in self.tags if tag.name == "body").split())

    @property
    def links(self) -> list[str]:
        """Where the page leads."""
        return [href for tag in self.all("a") if (href := tag.attributes.get("href"))]

    def rows(self, table: int = 0) -> list[str]:
        """The rows of one of the page's tables, each as one line of text."""
        tables = [place for place, tag in enumerate(self.tags) if tag.name == "table"]
        end = tables[table + 1] if table + 1 < len(tables) else None
        return [" ".join(tag.text.split()) for tag in self.tags[tables[table] : end] if tag.name == "tr"]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the pages of one app."""

    api: AdminApi

    def ask(self, path: str, *, role: Role = Role.ADMIN, **more: Any) -> httpx.Response:
        """The answer to a browser."""
        return self.api.get(path, role=role, headers=HTML, **more)

    def page(self, path: str, *, role: Role = Role.ADMIN, status: int = 200) -> Page:
        """The page at this address, which must answer with this status."""
        answer = self.ask(path, role=role)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:300])
        assert answer.headers["content-type"].startswith("text/html"), answer.headers
        page = Page(answer.text, answer.status_code)
        assert not page.open_tags, page.open_tags
        return page
