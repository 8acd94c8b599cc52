"""The HTML a suggested message may have: paragraphs, emphasis, lists and links that the brief gave."""

from __future__ import annotations

import html
import re

import nh3

from app.campaigns.message.placeholders import Placeholders

TAGS = {"p", "br", "strong", "b", "em", "i", "u", "ul", "ol", "li", "h1", "h2", "h3", "a", "div", "span"}
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--|<!DOCTYPE", re.IGNORECASE)
_BLOCK = re.compile(r"</?(p|br|ul|ol|li|h1|h2|h3|div)\b[^<>]*>", re.IGNORECASE)
_HREF = re.compile(r"\bhref=\"([^\"]*)\"", re.IGNORECASE)
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
"""Characters that are not seen: they could part a word or a number that is looked for."""


def cleaned(body: str) -> str:
    """A body with nothing but the allowed HTML, its Liquid as it was. Plain text stays plain text."""
    body = _HIDDEN.sub("", body.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not _TAG.search(body):
        return body
    kept = Placeholders(body)
    safe = nh3.clean(
        kept.text,
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https"},
        link_rel=None,
        strip_comments=False,
    )
    return kept.restore(safe).strip()


def has_markup(text: str) -> bool:
    """Whether there is HTML in it."""
    return _TAG.search(text) is not None


def words_of(body: str) -> str:
    """The text of a cleaned body: a line for each block, entities as characters, tags inside words leave no gap."""
    if not has_markup(body):
        return body
    return html.unescape(re.sub(r"<!--.*?-->|<[^<>]*>", "", _BLOCK.sub("\n", body), flags=re.DOTALL))


def addresses_of(body: str) -> list[str]:
    """Where the links of a cleaned body lead."""
    return [html.unescape(found) for found in _HREF.findall(body)]
