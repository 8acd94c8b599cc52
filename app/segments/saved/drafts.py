"""Drafts: a member's unfinished work on a segment survives a closed tab, a reload and a crash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from beanie import PydanticObjectId
from bson.json_util import dumps

from app.auth.authorize import authorize
from app.database import collection
from app.errors import InvalidInput, TooLarge
from app.segments.saved import LONGEST_TEXT
from models.member import Member
from models.segment import DescriptionSource, RuleSource
from models.segment_draft import SegmentDraft
from models.values import now

LARGEST_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is on screen: `rule` is JSON as far as it got, `base_version` the version that the work began on."""

    rule: dict[str, Any]
    name: str = ""
    description: str = ""
    description_source: DescriptionSource = DescriptionSource.SENTENCE
    source: RuleSource = RuleSource.HAND
    prompt: str | None = None
    base_version: int | None = None


async def keep_draft(member: Member, segment_id: object | None, work: Work) -> SegmentDraft:
    """Keep the work as the member's draft of this segment (None: of a new one), in place of an earlier draft.

    The rule is not checked: it may be unfinished, and nothing but the member's own builder ever reads it. Raises
    PermissionDenied, InvalidInput for a segment id that cannot be one, and TooLarge over 256 KiB.
    """
    await authorize(member, "segments.write")
    segment = _segment(segment_id)
    if len(dumps(work.rule)) > LARGEST_BYTES:
        raise TooLarge("This rule is too large to be kept as a draft; at most 256 KiB are possible.")
    draft = SegmentDraft(
        id=_key(member, segment),
        member_id=_own(member),
        segment_id=segment,
        base_version=work.base_version,
        name=work.name[:LONGEST_TEXT],
        description=work.description[:LONGEST_TEXT],
        description_source=work.description_source,
        rule=work.rule,
        source=work.source,
        prompt=work.prompt[:LONGEST_TEXT] if work.prompt else None,
        updated_at=now(),
    )
    row = draft.model_dump(mode="python", exclude={"id", "revision_id"})
    row |= {"description_source": draft.description_source.value, "source": draft.source.value}
    await collection("segment_drafts").replace_one({"_id": draft.id}, row, upsert=True)
    return draft


async def find_draft(member: Member, segment_id: object | None) -> SegmentDraft | None:
    """The member's draft of this segment (None: of a new one). Nobody else's is ever found."""
    await authorize(member, "segments.write")
    found: SegmentDraft | None = await SegmentDraft.get(_key(member, _segment(segment_id)))
    return found


async def discard_draft(member: Member, segment_id: object | None) -> None:
    """Forget the draft, after a save or because the member does not want it. None that is there is fine."""
    await authorize(member, "segments.write")
    await collection("segment_drafts").delete_one({"_id": _key(member, _segment(segment_id))})


def _key(member: Member, segment: PydanticObjectId | None) -> str:
    return f"{_own(member)}:{segment or 'new'}"


def _own(member: Member) -> PydanticObjectId:
    if member.id is None:
        raise InvalidInput.of("member", "has no drafts: it is not a person who signs in")
    return member.id


def _segment(raw: object | None) -> PydanticObjectId | None:
    if raw is None:
        return None
    if not PydanticObjectId.is_valid(str(raw)):
        raise InvalidInput.of("segment_id", "is not the id of a segment")
    return PydanticObjectId(str(raw))
