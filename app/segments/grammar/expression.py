"""Conditions joined by and, or, but, except, commas and brackets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.segments.grammar.conditions import condition
from app.segments.grammar.gapping import second_purchase
from app.segments.grammar.joints import JUXTAPOSED, Joint, joint_at
from app.segments.grammar.leads import NOUNS, leads
from app.segments.grammar.prompt import Node, Prompt, Remark, Unclear, deny, group
from app.segments.grammar.scope import Part, check_scope, check_sequence

_OPEN, _CLOSE = ("(", "["), (")", "]")
_MODIFIERS = ("place", "gender", "tags", "habit")


@dataclass(frozen=True)
class Clause:
    """What was understood up to token `end`."""

    node: Node
    end: int
    remarks: tuple[Remark, ...] = ()
    campaign: str | None = None


def expression(prompt: Prompt, at: int, campaign: str | None = None) -> Clause | None:
    """The longest run of conditions that begins at a token, as one rule; None when not even one is understood."""
    everyone = _everyone_but(prompt, at)
    parts: list[Part] = []
    if everyone is None:
        first = _part(prompt, at, Joint("", at), campaign)
        if first is None:
            return None
        parts.append(first)
    end = parts[-1].end if parts else everyone or at
    while True:
        campaign = next((part.campaign for part in reversed(parts) if part.campaign), campaign)
        following = _next(prompt, end, parts, campaign)
        if following is None:
            break
        parts.append(following)
        end = following.end
    if not parts:
        return None
    node, remarks = _assemble(prompt, parts)
    return Clause(node, end, remarks, campaign)


def _everyone_but(prompt: Prompt, at: int) -> int | None:
    """The end of "everyone", "all customers", where an exception follows; `at` itself where one stands first."""
    ends = [lead.end for lead in leads(prompt, at) if not lead.negated and not lead.relative]
    for end in reversed(ends):
        joint = joint_at(prompt, end)
        if joint.kind == "except":
            return end
        if joint.kind == "but" and prompt.word(end - 1) in NOUNS and prompt.word(joint.end) != "not":
            return end
    return None


def _next(prompt: Prompt, at: int, parts: Sequence[Part], campaign: str | None) -> Part | None:
    joint = joint_at(prompt, at)
    if joint.kind == "but" and not parts:
        joint = replace(joint, kind="except")
    if joint.kind == "":
        return _juxtaposed(prompt, at, parts[-1], campaign) if parts else None
    part = _part(prompt, joint.end, joint, campaign)
    if part is not None and parts and joint.kind == "except":
        part = _placed(prompt, parts[-1], part)
    return part or (second_purchase(prompt, parts[-1], joint) if parts else None)


def _juxtaposed(prompt: Prompt, at: int, before: Part, campaign: str | None) -> Part | None:
    """A condition that follows without any joint: "women in Delhi", "vip customers who ..."."""
    part = _part(prompt, at, Joint("", at), campaign)
    if part is None:
        return None
    modifiers = before.kind in _MODIFIERS and part.kind in _MODIFIERS
    aged = before.kind in _MODIFIERS and part.kind == "age"
    if prompt.word(at) not in JUXTAPOSED and not modifiers and not aged:
        return None
    if part.kind == "source" and prompt.has(at, "from", "via", "through") and before.kind not in _MODIFIERS:
        return None
    return _placed(prompt, before, part)


def _placed(prompt: Prompt, before: Part, part: Part) -> Part:
    """In "ordered in Pune" and "spent over 5k except in Pune" the place is not that of the order."""
    said = prompt.word(part.joint.end) in ("in", "from") and not part.fresh
    if part.kind != "place" or before.kind not in ("orders", "spend") or not said:
        return part
    remark = Remark("place_of_customer", f"“{prompt.span(part.joint.end, part.end)}” is where the customer lives.")
    return replace(part, remarks=(*part.remarks, remark))


def _part(prompt: Prompt, at: int, joint: Joint, campaign: str | None) -> Part | None:
    negation = "except" if joint.kind == "except" else ""
    bracket = (
        _bracket(prompt, at, joint, campaign, negation)
        or _either(prompt, at, joint, campaign)
        or _neither(prompt, at, joint, campaign)
    )
    if bracket is not None:
        return bracket
    read = condition(prompt, at, negation=negation, campaign=campaign)
    if read is None:
        return None
    found = read.found
    end = found.end
    if found.kind in (*_MODIFIERS, "consent", "source"):
        end = prompt.skip(end, *NOUNS)
    return Part(
        node=found.node,
        end=end,
        joint=joint,
        lead=read.lead,
        kind=found.kind,
        remarks=found.remarks,
        negated=found.negated,
        timed=found.timed,
        loose=found.loose,
        campaign=found.campaign,
    )


def _bracket(prompt: Prompt, at: int, joint: Joint, campaign: str | None, negation: str) -> Part | None:
    """Conditions in brackets, denied as a whole by what stands before them."""
    for lead in leads(prompt, at, negation=negation, campaign=campaign):
        if prompt.word(lead.end) in _OPEN:
            inner = expression(prompt, lead.end + 1, campaign)
            if inner is None or prompt.word(inner.end) not in _CLOSE:
                return None
            if lead.negation in ("no", "without", "never"):
                return None
            node = deny(inner.node) if lead.negated else inner.node
            return Part(node, inner.end + 1, joint, lead, "group", inner.remarks, campaign=inner.campaign)
    return None


def _either(prompt: Prompt, at: int, joint: Joint, campaign: str | None) -> Part | None:
    """Either A or B: the word opens a bracket that "or" closes."""
    for lead in leads(prompt, at, campaign=campaign):
        if prompt.word(lead.end) != "either" or lead.negated or joint.kind == "except":
            continue
        parts = [_part(prompt, lead.end + 1, Joint("", lead.end + 1), campaign)]
        while parts[-1] is not None and (after := joint_at(prompt, parts[-1].end)).kind == "or":
            parts.append(_part(prompt, after.end, after, campaign))
        known = [part for part in parts if part is not None]
        listed = len(known) == 1 and any(prompt.word(here) == "or" for here in range(lead.end, known[0].end))
        if (len(known) < 2 and not listed) or len(known) != len(parts):
            continue
        if joint_at(prompt, known[-1].end).kind in ("and", ","):
            text = prompt.span(lead.end, known[-1].end)
            raise Unclear(f"Where does “{text} ...” end? Brackets help.", [text])
        check_scope(prompt, known)
        remarks = tuple(remark for part in known for remark in part.remarks)
        return Part(group("or", [part.node for part in known]), known[-1].end, joint, lead, "group", remarks)
    return None


def _neither(prompt: Prompt, at: int, joint: Joint, campaign: str | None) -> Part | None:
    """Neither A nor B: both are denied."""
    for lead in leads(prompt, at, campaign=campaign):
        if prompt.word(lead.end) != "neither" or lead.negated or joint.kind == "except":
            continue
        reads = [condition(prompt, lead.end + 1, negation="not", campaign=campaign, neither=True)]
        while (last := reads[-1]) is not None and (
            after := prompt.skip(last.found.end, "nor", ", nor")
        ) > last.found.end:
            reads.append(condition(prompt, after, negation="not", campaign=campaign, neither=True))
        known = [read for read in reads if read is not None]
        if len(known) != len(reads) or not known or not _says_nor(prompt, lead.end, known[-1].found.end):
            continue
        remarks = tuple(remark for read in known for remark in read.found.remarks)
        node = group("and", [read.found.node for read in known])
        return Part(node, known[-1].found.end, joint, lead, "group", remarks)
    return None


def _says_nor(prompt: Prompt, start: int, end: int) -> bool:
    return any(prompt.word(at) == "nor" for at in range(start, end))


def _assemble(prompt: Prompt, parts: Sequence[Part]) -> tuple[Node, tuple[Remark, ...]]:
    """Bind "and" before "or", both before "but", and exceptions to everything before them."""
    remarks = [remark for part in parts for remark in part.remarks]
    kept = [part for part in parts if part.joint.kind != "except"]
    exceptions = [part for part in parts if part.joint.kind == "except"]
    if exceptions and list(parts) != [*kept, *exceptions]:
        text = prompt.span(exceptions[0].joint.start, parts[-1].end)
        raise Unclear(f"How far does the exception in “{text}” reach? Put it last, or use brackets.", [text])
    check_sequence(prompt, kept)
    runs: list[list[Part]] = []
    for part in kept:
        if part.joint.kind == "but" or not runs:
            runs.append([])
        runs[-1].append(part)
    nodes = []
    for run in runs:
        check_scope(prompt, run)
        node, more = _bind(run)
        nodes.append(node)
        remarks.extend(more)
    if len(runs) + len(exceptions) > 1 and any(part.joint.kind == "or" for part in kept):
        remarks.append(Remark("but_applies_to_all", "What follows “but” or “except” applies to everything before it."))
    return group("and", [*nodes, *(part.node for part in exceptions)]), tuple(remarks)


def _bind(run: Sequence[Part]) -> tuple[Node, list[Remark]]:
    """One run of ands and ors."""
    alternatives: list[list[Node]] = [[]]
    factors: list[list[Node]] = [[]]
    for part in run:
        if part.joint.kind == "or" and alternatives[-1]:
            alternatives.append([])
        elif factors[-1]:
            factors.append([])
        alternatives[-1].append(part.node)
        factors[-1].append(part.node)
    node = group("or", [group("and", nodes) for nodes in alternatives])
    if len(alternatives) == 1 or not any(part.joint.kind == "and" for part in run):
        return node, []
    other = group("and", [group("or", nodes) for nodes in factors])
    return node, [
        Remark("and_binds_tighter", "“and” binds before “or”; use brackets to group otherwise.", (node, other))
    ]
