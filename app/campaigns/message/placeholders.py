"""Liquid kept out of the way of HTML parsers: each tag becomes a mark that they carry along, and back again."""

from __future__ import annotations

import re
import secrets

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_OPENING = re.compile(r"<(?=[A-Za-z/!])")


class Placeholders:
    """A source with its Liquid tags taken out. In running text a mark is a comment, which stays put even between the
    rows of a table; inside an HTML tag it is a word.
    """

    def __init__(self, source: str) -> None:
        self._nonce = f"lq{secrets.token_hex(4)}"
        self._tags: list[str] = []
        self._marks = re.compile(rf"<!--{self._nonce}x(\d+)x-->|{self._nonce}x(\d+)x")
        self._inside = False
        pieces: list[str] = []
        end = 0
        for found in _LIQUID.finditer(source):
            between = source[end : found.start()]
            pieces += [between, self._mark(found[0], between)]
            end = found.end()
        self.text = "".join([*pieces, source[end:]])

    def restore(self, text: str) -> str:
        """The text with the Liquid tags back where their marks are."""
        return self._marks.sub(lambda found: self._tags[int(found[1] or found[2])], text)

    def word_of(self, comment: str) -> str | None:
        """For readers of text: the mark a comment stands for, or None if it is just a comment."""
        return comment if re.fullmatch(rf"{self._nonce}x\d+x", comment) else None

    def _mark(self, tag: str, before: str) -> str:
        opened = [found.start() for found in _OPENING.finditer(before)]
        closed = before.rfind(">")
        if opened or closed >= 0:
            self._inside = bool(opened) and opened[-1] > closed
        self._tags.append(tag)
        word = f"{self._nonce}x{len(self._tags) - 1}x"
        return word if self._inside else f"<!--{word}-->"
