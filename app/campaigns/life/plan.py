"""What the fields of a campaign have to do with one another; one field alone is checked in `fields`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.campaigns.audience.kinds import kind_of
from app.campaigns.audience.reach import segments_of
from app.campaigns.message.rendering import check_message
from app.errors import FieldError
from app.validation import invalid_input
from models.campaign import Channel


async def check_campaign(fields: Mapping[str, Any]) -> None:
    """Raise InvalidInput naming every field that does not go with the others, or a message that cannot be filled in.

    `fields` is a whole campaign as `CampaignInput` dumps it.
    """
    wrong = [*_message(fields), *_pace(fields), *_when(fields)]
    if fields.get("simulation") and fields["channel"] != Channel.SIMULATOR:
        wrong.append(FieldError("simulation", "is for the channel simulator alone; leave it out"))
    if wrong:
        raise invalid_input(wrong)
    check_message(fields["subject"], fields["body"], channel=fields["channel"], preview_text=fields["preview_text"])
    await segments_of("segment_ids", fields["segment_ids"])
    await segments_of("exclude_segment_ids", fields["exclude_segment_ids"])


def _message(fields: Mapping[str, Any]) -> list[FieldError]:
    kind = kind_of(fields["channel"])
    wrong: list[FieldError] = []
    if kind.subject_needed and not fields["subject"]:
        wrong.append(FieldError("subject", "is required"))
    for name, possible in (("subject", kind.subject), ("preview_text", kind.preview)):
        if fields[name] and not possible:
            wrong.append(FieldError(name, f"should be left out: the channel {kind.channel} has none"))
    return wrong


def _pace(fields: Mapping[str, Any]) -> list[FieldError]:
    messages, minutes = fields["window_messages"], fields["window_minutes"]
    if messages and not minutes:
        return [FieldError("window_minutes", "is required with window_messages, such as 60 for an hour")]
    if minutes and not messages:
        return [FieldError("window_messages", "is required with window_minutes: how many in that time at most")]
    return []


def _when(fields: Mapping[str, Any]) -> list[FieldError]:
    repeat, at = fields["repeat"], fields["scheduled_at"]
    if not repeat:
        return []
    wrong: list[FieldError] = []
    if at is None:
        wrong.append(FieldError("scheduled_at", "is required with repeat: the first time it goes out"))
    if fields["standing"]:
        wrong.append(FieldError("standing", "cannot be combined with repeat; choose one of the two"))
    until = repeat.get("until")
    if at is not None and until is not None and until < at:
        wrong.append(FieldError("repeat.until", "should not be before scheduled_at, the first time it goes out"))
    return wrong
