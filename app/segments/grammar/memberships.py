"""Campaigns a customer opened, clicked or got, and segments a customer is in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.segments.grammar.complements import elapsed
from app.segments.grammar.durations import Frame
from app.segments.grammar.frames import time_frame
from app.segments.grammar.prompt import Found, Lead, Node, Prompt, Remark, Unclear, group

_EVENTS = {
    phrase: event
    for event, phrases in {
        "opened": ("opened", "open", "opening", "opens"),
        "clicked": ("clicked", "click", "clicked on", "click on", "clicked through", "clicked in", "clicked a link in",
                    "clicked any link in", "clicked on a link in", "click a link in", "click on a link in", "clicking"),
        "sent": ("received", "receive", "got", "get", "sent", "were sent", "was sent", "been sent", "gotten"),
        "converted": ("converted", "convert", "converted from", "converted after", "converted on", "converted through"),
    }.items()
    for phrase in phrases
}  # fmt: skip
_NOUNS = (
    "campaign", "campaigns", "email", "emails", "email campaign", "email campaigns", "mail", "mails",
    "newsletter campaign", "message", "messages", "mailing", "mailings",
)  # fmt: skip
_DEEDS = {"opens": "opened", "open": "opened", "clicks": "clicked", "click": "clicked", "conversions": "converted"}
_ANY = (
    "at least one", "at least one of our", "at least one of the", "any", "any of our", "any of the", "a", "an",
    "one of our", "a single", "even one", "any one of our", "even a single",
)  # fmt: skip
_DID_NOT = ("did not", "have not", "has not", "never", "not", "do not")
_SEGMENT = (
    "segment", "segments", "the segment", "segment is", "segment =", "the segment is", "segment called",
    "segment named", "both", "segments both", "both segments", "both the segments",
)  # fmt: skip
_IN_SEGMENT = (
    "in", "in the", "from the", "part of the", "part of", "member of the", "members of the", "belong to the",
    "belonging to the", "belongs to the", "within the", "from", "member of", "members of", "belong to",
)  # fmt: skip


@dataclass(frozen=True)
class _Campaigns:
    """Ids (or `any`) of the campaigns meant; `joint` is "and" or "or"."""

    ids: tuple[str, ...]
    joint: str
    end: int
    again: bool = False
    """Pointed back to with "it", or left out."""


def campaigns(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Opened any campaign in the last 30 days; did not click Diwali Sale; received it."""
    known = prompt.lookup(at, _EVENTS)
    if known is None or not lead.verbal:
        return
    event, start = known
    if event == "sent" and not (lead.past or prompt.word(at) != "sent" or _names_one(prompt, start)):
        return
    yield from _one_but_not_the_other(prompt, at, event, start, lead)
    yield from _two_deeds(prompt, at, event, start, lead)
    timed = time_frame(prompt, start)
    for which in _which(prompt, timed.end if timed else start, lead):
        frame = timed or _frame(prompt, which.end, lead)
        end = max(which.end, frame.end if frame else 0)
        yield _found(prompt, event, which, frame, end, lead, at)
        if frame is None and not lead.negated and len(which.ids) == 1 and which.ids[0] != "any" and not which.again:
            yield from _but_not(prompt, event, which)


def _but_not(prompt: Prompt, event: str, which: _Campaigns) -> Iterator[Found]:
    """Opened Diwali Sale but not Summer Launch: one deed, two campaigns."""
    start = prompt.skip(which.end, "but not", "and not", ", but not", ", not")
    for other in _which(prompt, start, Lead(end=start)) if start > which.end else ():
        if other.ids[0] != "any" and (len(other.ids) == 1 or other.joint == "or"):
            nodes = [_node(event, which.ids[0], None, False), *(_node(event, key, None, True) for key in other.ids)]
            yield Found(node=group("and", nodes), end=other.end, kind="campaign")


def _names_one(prompt: Prompt, at: int) -> bool:
    """Whether a campaign's own name follows: nobody but the shop sends it."""
    names = {name: key for key, name in prompt.catalogue.campaigns.items()}
    return prompt.name(prompt.skip(at, "the", "our", "campaign", "the campaign"), names) is not None


def absences(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """No opens in the last 60 days; without any clicks."""
    known = prompt.lookup(prompt.skip(at, "any", "email", "campaign", "any email"), _DEEDS)
    if known is None or lead.negation not in ("no", "without"):
        return
    event, end = known
    frame = _frame(prompt, end, lead)
    which = _Campaigns(("any",), "or", end)
    yield _found(prompt, event, which, frame, max(end, frame.end if frame else 0), lead, at)


def _frame(prompt: Prompt, at: int, lead: Lead) -> Frame | None:
    """When; and where it is denied also "in 60 days", "for 60 days"."""
    frame = time_frame(prompt, at)
    since = elapsed(prompt, at) if lead.negated else None
    return since if since is not None and (frame is None or since.end > frame.end) else frame


def _two_deeds(prompt: Prompt, at: int, event: str, start: int, lead: Lead) -> Iterator[Found]:
    """Opened or clicked Diwali Sale; did not open or click any campaign: two deeds with one object."""
    joint = prompt.skip(start, "or", "and", "nor")
    other = prompt.lookup(joint, _EVENTS) if joint > start else None
    if other is None or other[0] == event or event == "sent" or other[0] == "sent":
        return
    word = "or" if prompt.word(start) in ("or", "nor") else "and"
    if (lead.negated and word == "and") or (prompt.word(start) == "nor") != lead.neither:
        return
    for which in _which(prompt, other[1], replace(lead, campaign=None)):
        frame = _frame(prompt, which.end, lead)
        if len(which.ids) != 1 or which.again:
            continue
        nodes = [_node(name, which.ids[0], frame, lead.negated) for name in (event, other[0])]
        yield Found(
            node=group("and" if lead.negated else word, nodes),
            end=max(which.end, frame.end if frame else 0),
            kind="campaign",
            remarks=frame.remarks if frame else (),
            negated=lead.negated,
            timed=frame is not None,
            campaign=which.ids[0],
        )


def _one_but_not_the_other(prompt: Prompt, at: int, event: str, start: int, lead: Lead) -> Iterator[Found]:
    """Opened but did not click Diwali Sale: two deeds with one object."""
    second = prompt.skip(start, *(f"{but} {no}" for but in ("but", "and", ", but") for no in _DID_NOT))
    other = prompt.lookup(second, _EVENTS) if second > start else None
    if other is None or lead.negated or other[0] == event:
        return
    for which in _which(prompt, other[1], replace(lead, campaign=None)):
        if len(which.ids) == 1:
            nodes = [_node(event, which.ids[0], None, False), _node(other[0], which.ids[0], None, True)]
            yield Found(node=group("and", nodes), end=which.end, kind="campaign", campaign=which.ids[0])


def segments(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """In the segment Dormant; in the VIP customers segment."""
    if lead.negation in ("never", "no", "without"):
        return
    start = prompt.skip(at, *_IN_SEGMENT, "the", "our")
    names = {name: key for key, name in prompt.catalogue.segments.items()}
    before = prompt.skip(start, *_SEGMENT)
    found = _named(prompt, before, names, ("in", "the", "segment", "in the segment", "in segment"))
    if found is None:
        return
    end = prompt.skip(found.end, "segment", "segments")
    inside = start > at and prompt.word(at) not in ("from", "the", "our")
    if end == found.end and before == start and not inside:
        return
    if len(found.ids) > 1 and lead.negated and found.joint == "and":
        raise Unclear("Should they be in none of these segments, or not in all of them?", [prompt.span(at, end)])
    if len(found.ids) > 1 and found.joint == "and" and prompt.word(before - 1) != "both":
        raise Unclear("Should they be in all of these segments, or in any of them?", [prompt.span(at, end)])
    operator = "notIn" if lead.negated else "in"
    joint = "and" if lead.negated else found.joint
    rules: list[Node] = [{"field": "segment", "operator": operator, "value": key} for key in found.ids]
    yield Found(node=group(joint, rules), end=end, kind="segment", negated=lead.negated)


def _which(prompt: Prompt, at: int, lead: Lead) -> Iterator[_Campaigns]:
    """Any campaign; a campaign by name; "it"; or nothing, which means the one named before."""
    determiner = prompt.skip(at, *_ANY)
    noun = prompt.skip(determiner, *_NOUNS)
    if noun > determiner and (determiner > at or prompt.word(noun - 1).endswith("s")):
        after = prompt.skip(noun, "from us", "of ours", "we sent")
        yield _Campaigns(("any",), "or", after)
    all_of_ours = prompt.skip(at, "our emails", "our campaigns", "anything", "anything from us", "emails from us")
    if all_of_ours > at:
        yield _Campaigns(("any",), "or", all_of_ours)
    if prompt.has(at, "it") and lead.campaign:
        yield _Campaigns((lead.campaign,), "or", at + 1, again=True)
    elif lead.campaign and lead.campaign != "any" and prompt.word(at) in ("", ",", ")", "."):
        yield _Campaigns((lead.campaign,), "or", at, again=True)
    names = {name: key for key, name in prompt.catalogue.campaigns.items()}
    start = prompt.skip(
        at,
        "the",
        "our",
        "campaign",
        "the campaign",
        "our campaign",
        "the email",
        "the campaigns",
        "either",
        "both",
        "both the",
    )
    found = _named(prompt, start, names, ("the", "campaign"))
    if found is not None:
        yield _Campaigns(found.ids, found.joint, prompt.skip(found.end, *_NOUNS))


def _named(prompt: Prompt, at: int, names: dict[str, str], again: tuple[str, ...]) -> _Campaigns | None:
    """A list of names: "A", "A or B", "A, B and C"."""
    first = prompt.name(at, names)
    if first is None:
        return None
    ids, end, joints = [first[0]], first[1], set()
    while True:
        comma = prompt.skip(end, ",")
        after = prompt.skip(comma, "and", "or", "nor")
        following = prompt.name(prompt.skip(after, *again), names) if after > end else None
        if following is None:
            break
        joints.add("or" if prompt.word(after - 1) == "nor" else prompt.word(after - 1))
        ids.append(following[0])
        end = following[1]
    joints.discard(",")
    if len(joints) > 1 or (len(ids) > 1 and not joints):
        text = prompt.span(at, end)
        raise Unclear(f"Should “{text}” mean all of them or any of them?", [text])
    return _Campaigns(tuple(dict.fromkeys(ids)), joints.pop() if joints else "or", end)


def _found(prompt: Prompt, event: str, which: _Campaigns, frame: Frame | None, end: int, lead: Lead, at: int) -> Found:
    if len(which.ids) > 1 and lead.negated and which.joint == "and":
        raise Unclear("Should this leave out who did all of these, or any of them?", [prompt.span(at, end)])
    rules = [_node(event, key, frame, lead.negated) for key in which.ids]
    remarks = frame.remarks if frame else ()
    if which.again and which.ids[0] in prompt.catalogue.campaigns:
        name = prompt.catalogue.campaigns[which.ids[0]]
        remarks = (*remarks, Remark("same_campaign", f"“{prompt.span(at, end)}” is about {name}."))
    return Found(
        node=group("and" if lead.negated else which.joint, rules),
        end=end,
        kind="campaign",
        remarks=remarks,
        negated=lead.negated,
        timed=frame is not None,
        campaign=which.ids[0] if len(which.ids) == 1 else None,
    )


def _node(event: str, key: str, frame: Frame | None, negated: bool) -> Node:
    node: Node = {"field": "campaign", "operator": event, "value": key}
    if frame is not None:
        node["window"] = frame.window
    if negated:
        node["not"] = True
    return node
