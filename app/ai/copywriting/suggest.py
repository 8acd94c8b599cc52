"""From a brief to three messages to choose from: the one door for pages and API. Saves and sends nothing."""

from __future__ import annotations

from collections.abc import Sequence

from app.ai.copywriting.draft import Assignment, Messages, Seen, Tone, form_of
from app.ai.copywriting.purpose import purpose_of
from app.ai.copywriting.templates import from_templates
from app.ai.copywriting.writer import ProviderMessageWriter
from app.ai.personal import says_personal
from app.ai.ports import MessageWriter
from app.ai.provider import ProviderFailed, configured
from app.auth.authorize import authorize
from app.campaigns.message.merge_tags import MERGE_TAGS, shop_name
from app.errors import InvalidInput, NotFound, RuleError
from app.segments.catalogue import Catalogue, load_catalogue
from app.segments.rule import parse_rule
from app.segments.rule.nodes import Group
from app.segments.saved import get_segment
from app.segments.sentence import sentence
from models.campaign import Channel
from models.member import Member

LONGEST_BRIEF = 1_000
MOST_SEGMENTS = 10
MOST_ATTRIBUTES = 20


async def suggest_messages(
    member: Member,
    brief: str,
    tone: Tone | str = Tone.FRIENDLY,
    *,
    channel: Channel = Channel.EMAIL,
    segment_ids: Sequence[object] = (),
    seen: Seen | None = None,
) -> Messages:
    """Three drafts for a brief, by the configured provider, or from templates without one or when it fails.

    `seen` hears what there is while it is written. The note says in plain words what was left out or failed. Raises
    PermissionDenied without `ai.use`; InvalidInput for an empty brief, one over 1,000 characters, an unknown tone or a
    segment that does not exist.
    """
    await authorize(member, "ai.use")
    text = brief.replace("\0", "").strip()
    if not text:
        raise InvalidInput.of("brief", "say in a few words what the message should tell")
    if len(text) > LONGEST_BRIEF:
        raise InvalidInput.of("brief", f"has {len(text):,} characters; at most {LONGEST_BRIEF:,} are possible")
    catalogue = await load_catalogue()
    rules = await _rules(member, segment_ids, catalogue)
    assignment = Assignment(
        brief=text,
        tone=_tone(tone),
        audience=audience_of(rules, catalogue),
        shop=shop_name(),
        tags=allowed_tags(catalogue),
        form=form_of(channel),
    )
    name = configured()
    writer = ProviderMessageWriter(name) if name else None
    return await write_messages(member, assignment, rules, writer=writer, seen=seen)


async def write_messages(
    member: Member,
    assignment: Assignment,
    rules: Sequence[Group],
    *,
    writer: MessageWriter | None,
    seen: Seen | None = None,
) -> Messages:
    """The same for a given assignment and writer; None writes from templates alone."""
    listener: Seen = seen or (lambda _: None)
    note = None
    if writer is not None:
        try:
            return await writer.write(assignment, member=member, seen=listener)
        except ProviderFailed as failed:
            note = f"{failed.sentence} These are templates instead."
    drafts = from_templates(assignment, purpose_of(assignment.brief, rules))
    return Messages(source="templates", drafts=drafts, note=note)


def allowed_tags(catalogue: Catalogue) -> tuple[str, ...]:
    """The merge tags a suggestion may use: those every message has, and the shop's own attributes."""
    own = [f"customer.{field.name}" for field in catalogue.fields.values() if field.name.startswith("attributes.")]
    return (*MERGE_TAGS, *own[:MOST_ATTRIBUTES])


def audience_of(rules: Sequence[Group], catalogue: Catalogue) -> str:
    """Who gets it, in the words of the segments' rules. A rule that names a person stays a secret."""
    said = [
        "A group of customers chosen by hand" if says_personal(rule) else sentence(rule, catalogue) for rule in rules
    ]
    return "; or ".join(dict.fromkeys(said))[:1_000] or "Customers of the shop"


def _tone(tone: Tone | str) -> Tone:
    try:
        return Tone(tone)
    except ValueError as problem:
        raise InvalidInput.of("tone", f"should be one of {', '.join(Tone)}") from problem


async def _rules(member: Member, ids: Sequence[object], catalogue: Catalogue) -> list[Group]:
    """The rules of the segments; one that no longer reads, because a field of it is gone, tells nothing."""
    if len(ids) > MOST_SEGMENTS:
        ids = ids[:MOST_SEGMENTS]
    found = []
    for place, id in enumerate(ids):
        try:
            segment = await get_segment(member, id)
        except NotFound as problem:
            raise InvalidInput.of(f"segment_ids[{place}]", "there is no segment with this id") from problem
        try:
            found.append(parse_rule(segment.rule, catalogue))
        except RuleError:
            continue
    return found
