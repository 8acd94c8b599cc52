"""What the communication log can be narrowed by, and by which index each question is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from beanie import PydanticObjectId
from pymongo import ASCENDING, DESCENDING

from app.campaigns.audience.contact import SUPPRESSED
from app.campaigns.audience.kinds import KINDS
from app.campaigns.record.reasons import BY_KEY, reason_filter
from app.customers.listing import search_filter
from app.customers.masking import sees_contact
from app.database import collection
from app.errors import InvalidInput, PermissionDenied
from app.paging import Sort, rows_after
from models.campaign import CampaignState, Channel
from models.delivery import UNUSUAL, DeliveryState
from models.member import Member
from models.values import GIVEN

PEOPLE_SEARCHED = 500
"""A search by name or address looks at the messages of so many people at most."""

SECONDS = 2.0
"""How long a question may take; one that would take longer is answered with what to narrow."""

STATES: dict[str, list[DeliveryState]] = {
    **{state.value: [state] for state in DeliveryState},
    "pending": [DeliveryState.SENDING, DeliveryState.DEFERRED],
    "sent": [DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.BOUNCED, DeliveryState.COMPLAINED],
    "skipped": [DeliveryState.SKIPPED, DeliveryState.SUPPRESSED, DeliveryState.CANCELLED],
}
"""What `state` may be: a state, or a count of the campaign that covers several."""

_SKIPPED = [why for kind in KINDS.values() for why in (kind.no_address, kind.no_consent)]
OWN_REASONS = frozenset(why.rstrip(".") for why in (*_SKIPPED, *SUPPRESSED.values()))
"""What Cohort itself says of those it skips; it names nobody."""

OVER_ALL = Sort("newest", (("updated_at", DESCENDING), ("_id", DESCENDING)))
IN_CAMPAIGN = Sort("newest in campaign", (("updated_at", DESCENDING), ("_id", ASCENDING)))
"""Newest first, each in the order of the index that serves it, so that a page costs the same at a million rows."""

_CAMPAIGN_INDEX = [("campaign_id", ASCENDING), ("state", ASCENDING), ("updated_at", DESCENDING), ("_id", ASCENDING)]
_UNUSUAL_INDEX = [("state", ASCENDING), ("updated_at", DESCENDING), ("_id", DESCENDING)]
_REASON_INDEX = [("updated_at", DESCENDING), ("_id", DESCENDING), ("reason", ASCENDING)]
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_ENDED = [CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.DONE]


@dataclass(frozen=True, kw_only=True)
class LogFilter:
    """What is asked of the log; None and "" narrow nothing.

    `state` may be a count's name: `pending`, `sent`, `skipped` cover what the campaign counts there. `error` is the key
    of a group of `app.campaigns.record.reasons`, or the words of a reason. `search` finds people as the customers' list
    does. `since` (included) and `until` (excluded) are about the last change.
    """

    campaign_id: PydanticObjectId | str | None = None
    customer_id: PydanticObjectId | str | None = None
    state: DeliveryState | str | None = None
    channel: Channel | str | None = None
    domain: str | None = None
    error: str | None = None
    search: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """A filter as MongoDB gets it: conditions, states (none for all), the order of the rows, and the index if that is
    not left open. `apart` asks for each state by itself.
    """

    conditions: Sequence[dict[str, Any]]
    states: Sequence[str]
    sort: Sort
    index: list[tuple[str, int]] | None = None
    apart: bool = False

    def query(self, cursor: str | None = None) -> dict[str, Any]:
        """The query, from this cursor on. Raises InvalidInput for a cursor of another list."""
        conditions = [*self.conditions, *([rows_after(cursor, self.sort)] if cursor else [])]
        if self.apart:
            # An index of some states is used for one of them, not for a list (MongoDB 6): so a list becomes an "or",
            # whose rows are merged in order. The condition that is always true keeps it from becoming a list again.
            always = {"updated_at": {"$gt": _BEGINNING}}
            return {"$or": [{"$and": [{"state": state}, always, *conditions]} for state in self.states]}
        if self.states:
            conditions.insert(0, {"state": {"$in": list(self.states)}})
        return {"$and": conditions} if conditions else {}


async def question(member: Member, wanted: LogFilter) -> Question:
    """How to ask it. Raises InvalidInput naming the field that is wrong, and PermissionDenied for a domain or the words
    of a reason that would tell addresses to who does not see them.
    """
    _require_no_contact(member, wanted)
    conditions = _plain_conditions(wanted)
    states = _states(wanted.state)
    if wanted.error:
        conditions += [{"reason": reason_filter(_error(wanted.error))}, {"reason": GIVEN}]
    people = await _people(member, wanted.search)
    if wanted.campaign_id is not None and people is not None:
        campaign = object_id("campaign_id", wanted.campaign_id)
        conditions.append({"_id": {"$in": [f"{campaign}:{customer}" for customer in people]}})
        return Question(conditions=conditions, states=states, sort=IN_CAMPAIGN)
    if people is not None:
        conditions.append({"customer_id": {"$in": people}})
    if people is not None or wanted.customer_id is not None:
        return Question(conditions=conditions, states=states, sort=OVER_ALL)
    if wanted.campaign_id is not None:
        every = states or [one.value for one in DeliveryState]
        return Question(conditions=conditions, states=every, sort=IN_CAMPAIGN, index=_CAMPAIGN_INDEX)
    if wanted.error:
        return Question(conditions=conditions, states=states, sort=OVER_ALL, index=_REASON_INDEX)
    if states and all(state in UNUSUAL for state in states):
        return Question(conditions=conditions, states=states, sort=OVER_ALL, index=_UNUSUAL_INDEX, apart=True)
    if states and DeliveryState.SENDING in states:
        # Only campaigns that have not ended hold such messages; all others need not be looked through.
        found = collection("campaigns").find({"state": {"$nin": _ENDED}}, {"_id": 1})
        conditions.append({"campaign_id": {"$in": [row["_id"] async for row in found]}})
        return Question(conditions=conditions, states=states, sort=IN_CAMPAIGN, index=_CAMPAIGN_INDEX)
    return Question(conditions=conditions, states=states, sort=OVER_ALL)


def object_id(field: str, value: PydanticObjectId | str) -> PydanticObjectId:
    """The id. Raises InvalidInput."""
    if not PydanticObjectId.is_valid(value):
        raise InvalidInput.of(field, "is not an id")
    return PydanticObjectId(value)


def too_much(wanted: LogFilter) -> InvalidInput:
    """What to say when a question would take too long: what of it could be narrower."""
    ways = [
        "choose a campaign" if wanted.campaign_id is None else "choose a state",
        "give a shorter time" if wanted.since else "say since when",
    ]
    field = "domain" if wanted.domain else "error" if wanted.error else "channel" if wanted.channel else "since"
    words = f"takes longer than {SECONDS:.0f} s to look for here; {', or '.join(ways)}"
    return InvalidInput.of(field, words)


def _require_no_contact(member: Member, wanted: LogFilter) -> None:
    if sees_contact(member):
        return
    if wanted.domain:
        raise PermissionDenied("Domains are for members who may see addresses; narrow the log by something else.")
    if wanted.error and wanted.error not in BY_KEY and wanted.error.rstrip(".") not in OWN_REASONS:
        raise PermissionDenied("Words of a server's answer are for members who may see addresses; choose a group.")


def _plain_conditions(wanted: LogFilter) -> list[dict[str, Any]]:
    conditions: list[dict[str, Any]] = []
    if wanted.campaign_id is not None:
        conditions.append({"campaign_id": object_id("campaign_id", wanted.campaign_id)})
    if wanted.customer_id is not None:
        conditions.append({"customer_id": object_id("customer_id", wanted.customer_id)})
    if wanted.channel:
        if wanted.channel not in list(Channel):
            raise InvalidInput.of("channel", f"should be one of {', '.join(Channel)}")
        conditions.append({"channel": str(wanted.channel)})
    if wanted.domain:
        conditions.append({"domain": _domain(wanted.domain)})
    times = {"$gte": wanted.since, "$lt": wanted.until}
    if given := {operator: moment for operator, moment in times.items() if moment is not None}:
        if wanted.since and wanted.until and wanted.since >= wanted.until:
            raise InvalidInput.of("until", "should be later than since")
        conditions.append({"updated_at": given})
    return conditions


def _states(state: str | None) -> list[str]:
    if not state:
        return []
    if str(state) not in STATES:
        raise InvalidInput.of("state", f"should be one of {', '.join(sorted(STATES))}")
    return [one.value for one in STATES[str(state)]]


def _domain(text: str) -> str:
    domain = text.strip().removeprefix("@").rstrip(".").lower()
    if not domain or len(domain) > 253 or any(sign.isspace() or sign in "@\0" for sign in domain):
        raise InvalidInput.of("domain", "should be what stands after the @ of an address, such as example.com")
    return _writable("domain", domain)


def _error(text: str) -> str:
    if len(text) > 200 or "\0" in text:
        raise InvalidInput.of("error", "should be the key of a group or the words of a reason, 200 characters at most")
    return _writable("error", text.strip().rstrip("."))


def _writable(field: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as problem:
        raise InvalidInput.of(field, "holds half of a surrogate pair, which is not a character") from problem
    return text


async def _people(member: Member, search: str) -> Sequence[Any] | None:
    who = search_filter(member, search)
    if not who:
        return None
    found = collection("customers").find(who, {"_id": 1}).limit(PEOPLE_SEARCHED + 1)
    ids = [row["_id"] async for row in found]
    if len(ids) > PEOPLE_SEARCHED:
        raise InvalidInput.of("search", f"fits more than {PEOPLE_SEARCHED} people; type more of the name or address")
    return ids
