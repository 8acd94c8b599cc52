"""What a segment is checked for before it is saved: its name, its rule with every segment it leads to, its source."""

from __future__ import annotations

from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from app.database import collection
from app.errors import Conflict, FieldError, InvalidInput
from app.segments.catalogue.fields import Catalogue
from app.segments.rule.canonical import rule_json
from app.segments.rule.nodes import Group, SegmentCondition, leaves
from app.segments.rule.references import Stored, follow, stored_segments
from app.segments.saved import clean_text
from app.segments.saved.current import read_rule
from app.settings import get_settings
from models.segment import RuleSource, Segment
from models.values import fold

LONGEST_NAME = 120


def checked_name(raw: object) -> str:
    """The name with single blanks. Raises InvalidInput when it is empty or longer than 120 characters."""
    name = " ".join(clean_text("name", raw).split())
    if not name or not fold(name):
        raise InvalidInput.of("name", "is empty; give the segment a name")
    if len(name) > LONGEST_NAME:
        raise InvalidInput.of("name", f"has {len(name)} characters; at most {LONGEST_NAME} are possible")
    return name


async def require_free(name: str, mine: PydanticObjectId | None) -> None:
    """Raise Conflict when another segment has the name. The unique index has the last word."""
    other = await collection("segments").find_one({"name_folded": fold(name)}, {"_id": 1})
    if other is not None and other["_id"] != mine:
        raise taken(name)


def checked_source(raw: object) -> RuleSource:
    """How the rule came about. Raises InvalidInput listing what there is."""
    try:
        return RuleSource(raw)  # type: ignore[arg-type]  # whatever it is, the enum refuses what it does not know
    except ValueError as problem:
        raise InvalidInput.of("source", f"should be one of {', '.join(RuleSource)}") from problem


def model_of(source: RuleSource) -> str | None:
    """The model in use for rules of this source; None for those that no model proposed."""
    settings = get_settings()
    return {RuleSource.GEMINI: settings.gemini_model, RuleSource.OPENAI: settings.openai_model}.get(source) or None


async def checked_rule(raw: object, segment: Segment | None = None) -> tuple[Group, Catalogue]:
    """The rule read, with every segment it leads to; `segment` is the one it is meant for. Raises RuleError."""
    group, catalogue = await read_rule(raw)
    await require_no_circle(group, catalogue, segment)
    return group, catalogue


def refers(group: Group) -> bool:
    """Whether the rule mentions another segment."""
    return any(isinstance(leaf, SegmentCondition) for leaf in leaves(group))


async def require_no_circle(
    group: Group, catalogue: Catalogue, segment: Segment | None, session: AsyncClientSession | None = None
) -> None:
    """Raise RuleError when the rule leads back to `segment`, to one that is gone or to one that cannot be used."""
    if not refers(group):
        return
    stored = await stored_segments(session)
    start: tuple[str, ...] = ()
    if segment is not None:
        start = (str(segment.id),)
        stored[start[0]] = Stored(segment.name, rule_json(group))
    follow(group, catalogue, stored, start=start)


def taken(name: str) -> Conflict:
    """The refusal of a name that another segment has."""
    message = f'another segment is called "{name}"; choose another name'
    return Conflict(f"name: {message}", errors=[FieldError("name", message)])


def changed_meanwhile(name: str) -> Conflict:
    """The refusal of a change that was made on an older version."""
    return Conflict(f'"{name}" was changed by somebody else meanwhile. Load it again and repeat your change.')
