"""Where a neighbour may be read in two ways, the person is asked instead of guessing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.segments.grammar.joints import Joint
from app.segments.grammar.prompt import Lead, Node, Prompt, Remark, Unclear

_SINGLE = ("city", "region", "country", "gender", "source")
"""Fields of which a customer has one value."""
_DEEDS = ("orders", "spend", "campaign", "consent")


@dataclass(frozen=True)
class Part:
    """One condition (or bracket) of a run, with the joint before it and the words that led to it."""

    node: Node
    end: int
    joint: Joint
    lead: Lead
    kind: str
    remarks: tuple[Remark, ...] = ()
    negated: bool = False
    timed: bool = False
    loose: bool = False
    campaign: str | None = None

    @property
    def fresh(self) -> bool:
        """Whether it begins a statement of its own: with a noun, "who", or a verb form."""
        return self.lead.subject or self.lead.relative or self.lead.auxiliary


def check_scope(prompt: Prompt, run: Sequence[Part]) -> None:
    """Raise Unclear where commas, denials, time frames or modifiers could reach further than they say."""
    ors = [part for part in run if part.joint.kind == "or"]
    if ors and any(part.joint.kind == "," for part in run):
        raise Unclear(
            "Some of these are joined by commas and some by “or”. Which belong together? Write “and” or use brackets.",
            [prompt.span(run[0].joint.end, run[-1].end)],
        )
    if ors:
        _check_modifiers(prompt, run)
    for before, after in pairwise(run):
        _check_denial(prompt, before, after)
        _check_number(prompt, before, after)
    _check_time(prompt, run)
    _check_possible(prompt, run)
    _check_places(prompt, run)


def _check_possible(prompt: Prompt, run: Sequence[Part]) -> None:
    """In "men in Delhi and women in Pune" nobody is both; "and" lists two kinds of people there."""
    wanted: dict[str, set[str]] = {}
    for part in run:
        if part.joint.kind == "or":
            wanted = {}
        name, operator, value = (part.node.get(key) for key in ("field", "operator", "value"))
        if name not in _SINGLE or operator not in ("=", "in", "!=", "notIn"):
            continue
        values = set(value if isinstance(value, list) else [value])
        if operator in ("!=", "notIn"):
            if wanted.get(name, values | {""}) <= values:
                text = prompt.span(run[0].joint.end, run[-1].end)
                raise Unclear(f"“{text}” leaves out everyone it takes in. Who should be in?", [text])
            continue
        if not values & wanted.get(name, values):
            text = prompt.span(run[0].joint.end, run[-1].end)
            label = prompt.catalogue.fields[name].label.lower()
            raise Unclear(f"Nobody in “{text}” has more than one {label}. Do you mean “or”?", [text])
        wanted[name] = wanted.get(name, values) & values


def _check_places(prompt: Prompt, run: Sequence[Part]) -> None:
    """In "Boston, France and Germany" the places are listed; only "Boston, MA" is one within the other."""
    for before, after in pairwise(run):
        both = before.kind == after.kind == "place" and not before.negated and not after.negated
        if not both or after.fresh or before.node.get("field") == after.node.get("field"):
            continue
        one_place = after.joint.kind == "," and before.node.get("operator") == after.node.get("operator") == "="
        if after.joint.kind in (",", "and") and not one_place:
            text = prompt.span(before.joint.end, after.end)
            raise Unclear(f"Should people live in all of “{text}”, or in any of them? Say “or” for any.", [text])


def _check_modifiers(prompt: Prompt, run: Sequence[Part]) -> None:
    """In "women in Delhi or tagged vip" the women may be meant in both halves."""
    starts = [run[0], *(part for part in run if part.joint.kind == "or")]
    juxtaposed = [part for part in run[1:] if part.joint.kind == ""]
    if not juxtaposed:
        return
    parallel = len({part.kind for part in starts}) == 1
    if not parallel and not all(part.lead.subject for part in starts[1:]):
        text = prompt.span(run[0].joint.end, run[-1].end)
        raise Unclear(f"What does “or” join in “{text}”? Brackets help: (A or B) and C.", [text])


def _check_denial(prompt: Prompt, before: Part, after: Part) -> None:
    """In "have not ordered or opened a campaign" the denial may reach over both."""
    if before.negated and after.joint.kind == "" and before.kind in ("gender", "tags", "place") and not before.fresh:
        text = prompt.span(before.joint.end, after.end)
        raise Unclear(f"Does the “not” in “{text}” apply to all of it? Use brackets, or “who are not ...”.", [text])
    if not before.negated or after.joint.kind not in ("or", "and", ","):
        return
    bare = not after.fresh and not after.negated
    spoken = before.lead.auxiliary or before.lead.negation == "never"
    if bare and (after.joint.kind == "or" or (spoken and after.kind in _DEEDS)):
        text = prompt.span(before.joint.end, after.end)
        raise Unclear(f"Does the “not” in “{text}” apply to both? Say it again, or use brackets.", [text])


def check_written_logic(prompt: Prompt) -> None:
    """In "vip AND NOT b2b OR new", capitals tell of logic, where NOT reaches less far than in a sentence."""
    texts = ["" if token.kind == "quoted" else token.text for token in prompt.tokens]
    at = next((n for n, text in enumerate(texts) if text == "NOT"), len(texts))
    bracket = prompt.word(at + 1) in ("(", "[")
    if prompt.text.isupper() or bracket or not {"OR", "AND"} & set(texts[at + 2 :]):
        return
    text = prompt.span(at, len(texts))
    raise Unclear(f"How far does the NOT in “{text}” reach? Use brackets.", [text])


def check_sequence(prompt: Prompt, parts: Sequence[Part]) -> None:
    """Raise Unclear where a neighbour, on either side of "but", may be meant to come after the other."""
    for before, after in pairwise(parts):
        _check_since(prompt, before, after)
        if after.joint.kind == "but":
            _check_mere_order(prompt, before, after, "spend")
        if after.loose and before.kind in ("campaign", "signed_up", "order_date", "orders", "spend"):
            text = prompt.span(before.joint.end, after.end)
            raise Unclear(
                f"Is the time in “{text}” counted from today? Then say “in the last ...”; it cannot be counted from "
                "another event.",
                [text],
            )


def _check_since(prompt: Prompt, before: Part, after: Part) -> None:
    """In "clicked Diwali Sale but did not order" the order may be missing since then, or altogether."""
    never = after.node.get("field") == "order_count" and after.negated and after.lead.negation == "not"
    if before.kind == "campaign" and never and not after.timed:
        text = prompt.span(before.joint.end, after.end)
        raise Unclear(
            f"In “{text}”: never ordered at all, or not since? Say “never ordered”, or “not ordered since” and a date.",
            [text],
        )


def _check_number(prompt: Prompt, before: Part, after: Part) -> None:
    """In "more than 3 orders or 5 purchases" the "more than" may be meant for both."""
    bare = any(remark.code == "exact_count" for remark in after.remarks)
    if bare and after.joint.kind in ("or", "and", ",") and after.lead.end == after.joint.end and before.kind in _DEEDS:
        text = prompt.span(before.joint.end, after.end)
        raise Unclear(f"Is the last number in “{text}” exact, or a limit like the one before?", [text])


def _check_mere_order(prompt: Prompt, before: Part, after: Part, kind: str) -> None:
    """A mere "ordered" may share the time of what follows: "ordered and signed up last month"."""
    mere = before.kind == "orders" and (before.node.get("operator"), before.node.get("value")) == (">=", 1)
    shared = mere and not before.timed and after.timed and after.kind == kind and after.joint.kind in ("and", "but")
    if shared and not (before.negated or after.negated or after.fresh):
        text = prompt.span(before.joint.end, after.end)
        raise Unclear(f"Does the time in “{text}” apply to both, or to the last one alone?", [text])


def _check_time(prompt: Prompt, run: Sequence[Part]) -> None:
    """In "more than 3 orders and spent over 10k in the last year" the time may be meant for both."""
    for before, after in pairwise(run):
        _check_mere_order(prompt, before, after, "signed_up")
        if before.kind not in _DEEDS[:3] or after.kind not in _DEEDS[:3] or before.timed or not after.timed:
            continue
        own = after.node.get("field") in ("last_order_at", "first_order_at")
        if own or before.negated or after.negated or after.lead.subject or after.lead.relative:
            continue
        text = prompt.span(before.joint.end, after.end)
        raise Unclear(f"Does the time in “{text}” apply to both, or to the last one alone?", [text])
