"""Who a customer is: where they live, gender, tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.segments.grammar.coinciding import check_other_meanings, check_segments, sold_as
from app.segments.grammar.leads import NOUNS
from app.segments.grammar.names import NATIONALITY, PLACES, Listing, listing
from app.segments.grammar.prompt import Found, Lead, Prompt, Remark, Unclear, deny, joined, leaf
from app.segments.grammar.purchase_words import NOUNS as ORDERS
from app.segments.grammar.purchase_words import TRADE

_LIVE_IN = (
    "in",
    "from",
    "live in",
    "lives in",
    "living in",
    "reside in",
    "residing in",
    "based in",
    "based out of",
    "located in",
    "situated in",
    "staying in",
    "stay in",
    "live at",
)
_OUTSIDE = tuple(
    f"{verb}outside{of}"
    for verb in ("", "from ", "living ", "live ", "lives ", "based ", "located ", "who live ")
    for of in ("", " of")
)
_TAGGED = (
    "tagged",
    "tagged as",
    "tagged with",
    "labelled",
    "labelled as",
    "labeled",
    "labeled as",
    "with tag",
    "with the tag",
    "with tags",
    "with the tags",
    "with a tag",
    "tag",
    "tags",
    "the tag",
    "the tags",
    "tag is",
    "tag =",
    "tags =",
    "tag :",
    "tags :",
    "tags includes",
    "tag includes",
    "tag contains",
    "tags are",
    "tags include",
    "tags contain",
    "having the tag",
    "having tag",
)
_CLAUSE_ENDS = ("", ",", ")", "]", ".", "and", "or", "but", "who", "in", "from", "with", "?", "!", ";")


def places(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """In Delhi or Pune; from India; Mumbai."""
    outside = prompt.skip(at, *_OUTSIDE)
    start = max(outside, prompt.skip(at, *_LIVE_IN))
    if outside > at:
        if lead.negated:
            raise Unclear(f"“not {prompt.span(at, outside)}” denies twice. Who should be in?")
        lead = replace(lead, negation="not")
    if lead.past or lead.negation in ("never", "no", "without") or prompt.word(at) == "source":
        return
    fields = [name for name in PLACES if name in prompt.catalogue.fields]
    for found in listing(prompt, start, fields, again=("in", "from")):
        if found.joint == "both":
            raise _one_only(prompt, at, found)
        if start == at and prompt.has(found.end, *ORDERS, *TRADE) and sold_as(prompt, start):
            continue
        if start == at:
            check_other_meanings(prompt, start, found)
        yield one_of(found, "place", lead)


def nationalities(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Indian customers; German women: where they live, under its adjective."""
    if lead.past or lead.negation in ("never", "no", "without") or "country" not in prompt.catalogue.fields:
        return
    for found in listing(prompt, at, [NATIONALITY]):
        if found.joint == "both":
            raise _one_only(prompt, at, replace(found, field="country"))
        yield one_of(replace(found, field="country"), "place", lead)


def genders(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Women; men or women."""
    if lead.negation in ("never", "no", "without") or "gender" not in prompt.catalogue.fields:
        return
    start = prompt.skip(at, "gender is", "gender", "gender of")
    for found in listing(prompt, start, ["gender"]):
        if start == at and prompt.word(at) in ("other", "unknown", "f", "m"):
            return
        if found.joint == "both" and start > at:
            raise _one_only(prompt, at, found)
        yield one_of(found, "gender", lead)


def tags(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Tagged vip; tagged both wholesale and newsletter; employees."""
    if "tags" not in prompt.catalogue.fields or lead.negation == "never":
        return
    yield from _tagged_at_all(prompt, at, lead)
    start = prompt.skip(at, *_TAGGED)
    before = start > at
    start = start if before else prompt.skip(at, "the", "a", "an")
    for found in listing(prompt, start, ["tags"], again=("tagged", "tag")):
        tagged = prompt.word(found.end) == "tagged" and prompt.word(found.end + 1) in NOUNS
        said = before or tagged or prompt.word(found.end) in ("tag", "tags")
        if not said and (start > at or lead.negation in ("no", "without")):
            continue
        if not said and _is_segment(prompt, start):
            continue
        if not said and prompt.has(found.end, *ORDERS, *TRADE) and sold_as(prompt, start):
            continue
        if not said:
            check_segments(prompt, start, found)
            check_other_meanings(prompt, start, found)
        if len(found.values) > 1 and found.joint == "or" and not _says(prompt, start, found.end, "or", "/"):
            text = prompt.span(at, found.end)
            raise Unclear(f"Should people in “{text}” have all of these tags, or one of them?", [text])
        operator = _tags_operator(prompt, at, found, lead, said)
        _check_non(found, lead)
        node = leaf("tags", operator, list(found.values))
        if lead.negation == "not" and found.joint == "both":
            node = deny(leaf("tags", "allOf", list(found.values)))
        end = prompt.skip(found.end, "tag", "tags", "tagged") if not before else found.end
        yield Found(node=node, end=end, kind="tags", negated=lead.negated, remarks=found.remarks)


def _tagged_at_all(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Not tagged; untagged; without tags; with any tag."""
    noun = prompt.skip(at, "tags", "any tags", "tag", "any tag", "a tag", "tags at all", "any tags at all")
    if noun > at and lead.negation in ("no", "without", "not") and not _more_tags(prompt, noun):
        yield Found(node=leaf("tags", "null"), end=noun, kind="tags", negated=True)
    had = prompt.word(at - 1) in ("with", "have", "has", "having")
    if (
        noun > at
        and not lead.negated
        and had
        and prompt.word(at) in ("any", "a", "tags")
        and not _more_tags(prompt, noun)
    ):
        yield Found(node=leaf("tags", "notNull"), end=noun, kind="tags")
    if prompt.word(at) == "untagged" and not lead.negated:
        yield Found(node=leaf("tags", "null"), end=at + 1, kind="tags", negated=True)
    tagged = prompt.skip(at, "tagged", "tagged at all", "tagged with anything", "tagged yet")
    if tagged > at and lead.negation in ("not", "never") and prompt.word(tagged) in _CLAUSE_ENDS:
        yield Found(node=leaf("tags", "null"), end=tagged, kind="tags", negated=True)


def _more_tags(prompt: Prompt, at: int) -> bool:
    """Whether the tags are named after the noun."""
    return prompt.word(at) not in _CLAUSE_ENDS or any(True for _ in listing(prompt, at, ["tags"]))


def _says(prompt: Prompt, start: int, end: int, *words: str) -> bool:
    return any(prompt.word(at) in words for at in range(start, end))


def _is_segment(prompt: Prompt, at: int) -> bool:
    """Whether the name of a segment with the word "segment" stands here."""
    ends = [end for name in prompt.catalogue.segments.values() if (end := prompt.spelled(at, name)) is not None]
    return any(prompt.has(end, "segment", "segments") for end in ends)


def _tags_operator(prompt: Prompt, at: int, found: Listing, lead: Lead, said: bool) -> str:
    several_and = found.joint in ("and", "both")
    if found.joint == "nor again":
        if not lead.negated:
            raise Unclear("Which of these tags should be left out? Say “neither A nor B”.", found.values)
        return "noneOf"
    if found.joint == "nor":
        if lead.negated and not lead.neither:
            raise Unclear(f"“{prompt.span(at, found.end)}” denies twice. Who should be in?")
        return "noneOf"
    if lead.negated:
        again = [at for at in range(at + 1, found.end) if prompt.word(at) == "tagged" and prompt.word(at - 1) == "or"]
        if again and lead.negation != "except":
            text = prompt.span(lead.end - 1, found.end)
            raise Unclear(
                f"Does the “{lead.negation}” in “{text}” apply to both? Say it again, or use brackets.", [text]
            )
        if several_and and found.joint != "both" and lead.negation != "except":
            text = prompt.span(at, found.end)
            raise Unclear(f"Should “not {text}” leave out who has all of these tags, or any of them?", [text])
        return "noneOf"
    if several_and and not said and found.joint == "and":
        text = prompt.span(at, found.end)
        raise Unclear(f"Should people in “{text}” have all of these tags, or one of them?", [text])
    return "allOf" if several_and else "anyOf"


def _check_non(found: Listing, lead: Lead) -> None:
    """In "non-US or Canadian customers" the "non" may belong to the first alone."""
    if lead.negation == "non" and len(found.values) > 1:
        raise Unclear(f"Does “non” apply to {joined(found.values, 'and')} alike? Say “not in ...”.", found.values)


def one_of(found: Listing, kind: str, lead: Lead) -> Found:
    """A condition on a field that has one value at a time; "Delhi and Pune" can only mean either of them."""
    remarks = list(found.remarks)
    denied = lead.negated != (found.joint == "nor")
    _check_non(found, lead)
    if found.joint == "nor again" and not lead.negated:
        raise Unclear("Which of these should be left out? Say “neither A nor B”.", found.values)
    if lead.negated and found.joint == "nor":
        if not lead.neither:
            raise Unclear("Two negations in one condition: who should be in?")
        denied = True
    if found.joint == "and":
        last = "or"
        remarks.append(
            Remark("either_value", f"“{joined(found.values, 'and')}” means any of them: {joined(found.values, last)}.")
        )
    if len(found.values) == 1:
        node = leaf(found.field, "!=" if denied else "=", found.values[0])
    else:
        node = leaf(found.field, "notIn" if denied else "in", list(found.values))
    return Found(node=node, end=found.end, kind=kind, negated=denied, remarks=tuple(remarks))


def _one_only(prompt: Prompt, at: int, found: Listing) -> Unclear:
    label = prompt.catalogue.fields[found.field].label.lower()
    return Unclear(
        f"A customer has one {label} at a time. Do you mean {joined(found.values)}?", [prompt.span(at, found.end)]
    )
