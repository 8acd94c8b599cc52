"""The little Liquid a suggested message may use: merge tags, a word in place of a missing one, and a plain `if`."""

from __future__ import annotations

import re
from collections.abc import Collection

_ANY = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_PATH = r"[A-Za-z_][\w.]*"
_OUTPUT = re.compile(
    rf"\{{\{{-?\s*(?P<path>{_PATH})\s*(\|\s*default:\s*('(?P<one>[^'\n]*)'|\"(?P<two>[^\"\n]*)\")\s*)?-?\}}\}}"
)
_TAG = re.compile(rf"\{{%-?\s*(((if|unless)\s+(?P<path>{_PATH}))|else|endif|endunless)\s*-?%\}}")


class TooMuchLiquid(Exception):
    """A tag that a suggestion may not use; the message names it."""


def spoken(source: str, tags: Collection[str]) -> str:
    """The text of a message without its tags, but with the words that stand in for missing values.

    Raises TooMuchLiquid for a tag that is not in `tags` and for Liquid beyond `{{ tag | default: 'word' }}` and
    `{% if tag %}`: what is computed while the message is filled in could not be checked here.
    """

    def say(found: re.Match[str]) -> str:
        tag = found[0]
        shape = _OUTPUT.fullmatch(tag) or _TAG.fullmatch(tag)
        if shape is None:
            raise TooMuchLiquid(f"{tag[:80]} is more Liquid than {{{{ tag | default: 'word' }}}} and {{% if tag %}}")
        path = shape["path"]
        if path is not None and path not in tags:
            raise TooMuchLiquid(f"{tag[:80]} is not one of the merge tags that were given")
        words = shape.groupdict()
        return words.get("one") or words.get("two") or ""

    text = _ANY.sub(say, source)
    if "{{" in text or "}}" in text or "{%" in text or "%}" in text:
        raise TooMuchLiquid("a merge tag is not closed")
    return text
