"""The plain-text part of a message, made from its HTML."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

_UNSEEN = frozenset({"head", "style", "script", "title", "template"})
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "col", "wbr", "source", "area", "base", "embed"})
_APART = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "hr"})
_LINE = frozenset({"div", "tr", "li", "section", "article", "header", "footer", "center", "dt", "dd", "body"})


def plain_text(html: str, mark_of: Callable[[str], str | None] = lambda comment: None) -> str:
    """What the HTML says, for readers without it: paragraphs apart, `- ` before list items, links as `words (address)`.

    `mark_of` may turn a comment into text; others are dropped.
    """
    reader = _Reader(mark_of)
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self, mark_of: Callable[[str], str | None]) -> None:
        super().__init__(convert_charrefs=True)
        self._mark_of = mark_of
        self._pieces: list[str] = []
        self._unseen = 0
        self._links: list[tuple[str, int]] = []

    def text(self) -> str:
        joined = "".join(self._pieces)
        lines = [re.sub(r"[ \t\xa0]+", " ", line).strip() for line in joined.split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        if self._unseen:
            return
        self._break(tag)
        attributes = {key: value or "" for key, value in attrs}
        if tag == "br":
            self._pieces.append("\n")
        elif tag == "hr":
            self._pieces.append("----\n\n")
        elif tag == "li":
            self._pieces.append("- ")
        elif tag == "img" and attributes.get("alt"):
            self._pieces.append(attributes["alt"])
        elif tag == "td":
            self._pieces.append(" ")
        elif tag == "a":
            self._links.append((attributes.get("href", ""), len(self._pieces)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
            return
        if self._unseen:
            return
        if tag == "a" and self._links:
            address, start = self._links.pop()
            words = "".join(self._pieces[start:]).strip()
            address = address.removeprefix("mailto:")
            if address and not address.startswith("#") and address != words:
                self._pieces.append(f" ({address})" if words else address)
        elif tag not in _VOID:
            self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._pieces.append(re.sub(r"\s+", " ", data))

    def handle_comment(self, data: str) -> None:
        mark = self._mark_of(data)
        if mark and not self._unseen:
            self._pieces.append(mark)

    def _break(self, tag: str) -> None:
        if tag in _APART:
            self._pieces.append("\n\n")
        elif tag in _LINE and not self._at_line_start():
            self._pieces.append("\n")

    def _at_line_start(self) -> bool:
        last = next((piece for piece in reversed(self._pieces) if piece.strip(" ")), "\n")
        return last.endswith("\n")
