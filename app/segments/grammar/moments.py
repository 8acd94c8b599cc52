"""When something happened to a customer: signed up, first order, last order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.segments.grammar.durations import Frame, duration
from app.segments.grammar.frames import time_frame
from app.segments.grammar.moment_words import FIRST_ORDER, LAST_ORDER, SIGNED_UP
from app.segments.grammar.prompt import Found, Lead, Node, Prompt, Unclear, deny, leaf


def sign_ups(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Signed up in the last 30 days; joined before 1 March 2026; been customers for over 2 years."""
    start = prompt.skip(at, *SIGNED_UP)
    if prompt.word(at) == "since" and prompt.word(at - 1) in ("customer", "customers"):
        _check_since(prompt, at)
    frame = time_frame(prompt, start) if start > at and lead.verbal else None
    if frame is not None and lead.negation != "never":
        yield _dated("signed_up_at", frame, lead, "signed_up")
    if prompt.word(at) == "for" and prompt.word(at - 1) in ("customer", "customers", "members") and not lead.negated:
        yield from _long_standing(prompt, at)
    been = prompt.skip(at, "been a customer", "been customers", "been with us", "been customers of ours")
    been = prompt.skip(been, "with us", "of ours") if been > at else at
    if been > at and not lead.negated:
        yield from _long_standing(prompt, been)


def order_dates(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """First order this month; last ordered more than 90 days ago."""
    for name, phrases in (("first_order_at", FIRST_ORDER), ("last_order_at", LAST_ORDER)):
        start = prompt.skip(at, *phrases)
        if start == at or not lead.verbal or lead.negation == "never":
            continue
        denied = prompt.skip(start, "not", "was not", "is not")
        asked = replace(lead, negation="not") if denied > start and not lead.negated else lead
        after = start if asked is lead else denied
        frame = time_frame(prompt, after) or _older(prompt, after)
        if frame is not None:
            yield _dated(name, frame, asked, "order_date")


def _older(prompt: Prompt, at: int) -> Frame | None:
    """Last order older than 90 days; more than 90 days old."""
    older = prompt.skip(at, "older than", "longer than")
    more = prompt.skip(at, "more than", "over", "at least")
    length = duration(prompt, max(older, more)) if max(older, more) > at else None
    end = prompt.skip(length.end, "old") if length is not None else at
    if length is None or (older == at and end == length.end):
        return None
    return replace(length, end=end).before(prompt.span(at, end), at_least=prompt.has(at, "at least"))


def _dated(name: str, frame: Frame, lead: Lead, kind: str) -> Found:
    node: Node = leaf(name, frame.operator, frame.value)
    if lead.negated and frame.operator == "inLast":
        node = leaf(name, "notInLast", frame.value)
    elif lead.negated and name == "signed_up_at":
        node = deny(node)
    elif lead.negated:
        raise Unclear("Should people who never ordered be in?")
    return Found(
        node=node,
        end=frame.end,
        kind=kind,
        negated=lead.negated,
        timed=True,
        loose=frame.loose and kind == "order_date",
        remarks=frame.remarks,
    )


def _check_since(prompt: Prompt, at: int) -> None:
    """A customer since 2024 signed up in that year, or then at the latest, or then at the earliest."""
    since = time_frame(prompt, at) if prompt.word(at) == "since" else None
    if since is not None:
        when = prompt.span(at + 1, since.end)
        raise Unclear(
            f"Did “customers since {when}” sign up in that time, before its end, or at any time from then on? "
            f"Say “signed up in {when}”, “signed up before ...” or “signed up since {when}”.",
            [prompt.span(at, since.end)],
        )


def _long_standing(prompt: Prompt, at: int) -> Iterator[Found]:
    _check_since(prompt, at)
    start = prompt.skip(at, "for")
    if start == at:
        return
    longer = prompt.skip(start, "more than", "over", "at least", "longer than")
    shorter = prompt.skip(start, "less than", "under", "fewer than")
    length = duration(prompt, max(longer, shorter))
    if length is None:
        return
    long = length.before(prompt.span(at, length.end), at_least=longer == start or prompt.has(start, "at least"))
    frame = Frame("inLast", length.span, length.end, remarks=length.remarks) if shorter > longer else long
    node = leaf("signed_up_at", frame.operator, frame.value)
    yield Found(node=node, end=length.end, kind="signed_up", timed=True, remarks=frame.remarks)
