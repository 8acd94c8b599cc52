"""Where a customer came from: "came from the website", "acquired through referral", "referred customers"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.segments.grammar.coinciding import check_other_meanings
from app.segments.grammar.leads import NOUNS
from app.segments.grammar.names import Listing, listing
from app.segments.grammar.profile import one_of
from app.segments.grammar.prompt import Found, Lead, Prompt, leaf
from models.values import fold

_CAME = (
    "came", "come", "came to us", "acquired", "arrived", "found us", "found", "sourced", "signed up", "joined",
    "discovered us", "came in", "come in", "came over", "came across us", "were acquired", "heard of us",
)  # fmt: skip
_WAYS = ("from", "through", "via", "by", "through the", "via the", "from the", "by way of", "on", "on the", "in the")
_CAME_FROM = (*(f"{verb} {way}" for verb in _CAME for way in _WAYS), "source is", "source", "sourced from")
_ENDS = ("", ",", ")", "]", ".", "and", "or", "but")


def sources(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Came from the website; acquired through referral; from social; referral customers."""
    if lead.negation in ("no", "without") or "source" not in prompt.catalogue.fields:
        return
    yield from _referred(prompt, at, lead)
    start = prompt.skip(at, *_CAME_FROM)
    bare = prompt.skip(at, "from", "via", "through", "from the", "via the") if start == at else at
    for found in listing(prompt, max(start, bare), ["source"], again=("from", "through", "via")):
        end = found.end
        if start == at and not _surely_source(prompt, at, bare, found):
            continue
        if start == at:
            check_other_meanings(prompt, bare, found)
        yield replace(one_of(found, "source", lead), end=prompt.skip(end, "media") if end == found.end else end)


def _referred(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Referred customers; customers who were referred: never those who referred others."""
    known = next((value for value in prompt.catalogue.fields["source"].values if fold(value) == "referral"), None)
    if known is None or prompt.word(at) != "referred" or lead.negation not in ("", "not", "except"):
        return
    passive = (lead.past or prompt.word(at - 1) in ("are", "been")) and prompt.word(at + 1) in _ENDS
    if passive or prompt.word(at + 1) in ("customers", "people", "users", "clients", "buyers"):
        node = leaf("source", "!=" if lead.negated else "=", known)
        yield Found(node=node, end=at + 1, kind="source", negated=lead.negated)


def _surely_source(prompt: Prompt, at: int, bare: int, found: Listing) -> bool:
    """Whether a value without "came from" is a source: after "from", or before "customers"; never a sales channel."""
    if any(prompt.names.at(prompt, n, ["order.channel"]) for n in range(bare, found.end)):
        return False
    return bare > at or (len(found.values) == 1 and prompt.skip(found.end, *NOUNS) > found.end)
