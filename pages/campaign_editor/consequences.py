"""What pressing the button does, said before it is pressed."""

from __future__ import annotations

from app.campaigns.life.schedule_words import repeat_words, time_words
from models import Member
from models.campaign_plan import Ambiguity
from pages.campaign_editor.draft import Draft
from pages.campaign_editor.ways import way_words
from pages.components import number, plural


def verb(draft: Draft, locale: str) -> str:
    """The words on the button: "Send to 1,204 people", "Schedule for 1,204 people", "Repeat every 2 weeks"."""
    found = draft.estimate
    if draft.when == "repeat" and draft.repeat is not None and not draft.needs_approval:
        unit = draft.repeat.unit
        return f"Send every {unit}" if draft.repeat.every == 1 else f"Send every {draft.repeat.every} {unit}s"
    if found is None or (not found.reachable and draft.when != "standing"):
        return "Send"
    people = plural(getting(draft), "person", "people", locale)
    if draft.needs_approval:
        return f"Ask to send to {people}"
    if draft.when == "standing":
        return f"Schedule for {people} and newcomers" if draft.at else f"Send to {people} and newcomers"
    return f"Schedule for {people}" if draft.when == "later" else f"Send to {people}"


def what_happens(draft: Draft, member: Member) -> str:
    """By which way, when, to whom, and who is left out."""
    start = f"{_approval(draft, member.locale)}{_start(draft, member.locale)}"
    return " ".join([way_words(draft.channel), start, *_people(draft, member.locale)])


def _approval(draft: Draft, locale: str) -> str:
    if not draft.needs_approval:
        return ""
    above = number(draft.approval_above, locale)
    return f"More than {above} people need a second person: a manager or an owner has to approve it first. Then: "


def _start(draft: Draft, locale: str) -> str:
    at = draft.at
    if draft.when == "repeat" and draft.repeat is not None and at is not None:
        words = repeat_words(draft.repeat, at, draft.zone, locale)
        first = time_words(at, draft.zone, locale)
        return f"{words}, to whoever is in the segments each time. The first time is {first}."
    start = f"It starts on {_exact(draft, locale)}." if at else "It starts as soon as you confirm."
    if draft.when == "standing":
        return f"{start} Whoever enters the segments later gets it too, once, until you stop it."
    return start if at else f"{start} You can pause it at any moment while it goes out."


def _people(draft: Draft, locale: str) -> list[str]:
    found = draft.estimate
    if found is None:
        return []
    parts = []
    if draft.when == "repeat":
        parts.append(f"Now that would be {plural(getting(draft), 'person', 'people', locale)}.")
    if skipped := found.audience - found.reachable:
        parts.append(f"{number(skipped, locale)} of the {number(found.audience, locale)} people are skipped.")
    if draft.holdout_percent:
        parts.append(f"About {number(found.reachable - getting(draft), locale)} are held out and get nothing.")
    if draft.ambiguity == Ambiguity.RESEND.value:
        parts.append("Where it is not certain that a message arrived, it is sent again.")
    return parts


def getting(draft: Draft) -> int:
    """How many get it: who can be reached, without the part held out."""
    reachable = draft.estimate.reachable if draft.estimate else 0
    return round(reachable * (1 - (draft.holdout_percent or 0) / 100))


def _exact(draft: Draft, locale: str) -> str:
    return f"{time_words(draft.at, draft.zone, locale)} ({draft.zone.key})" if draft.at else ""
