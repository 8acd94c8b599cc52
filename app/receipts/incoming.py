"""What a vendor reports: checked, matched with our deliveries, and kept."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from bson import ObjectId
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.campaigns.sending.ledger import delivery_id
from app.database import collection
from app.receipts.ingesting import deliveries_of
from app.receipts.service import receipt_key, record
from app.validation import checked, wrong_field
from models.receipt import Receipt, ReceiptEvent
from models.values import now

MOST = 1_000
REASON_CHARACTERS = 500

_DELIVERY_ID = re.compile(r"[0-9a-f]{24}:[0-9a-f]{24}")
_MESSAGE_ID = re.compile(r"<?delivery\.([0-9a-f]{24})\.([0-9a-f]{24})@[^<>\s]*>?")


def _sensible(moment: datetime) -> datetime:
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as problem:
        raise ValueError("should be a time of this century") from problem
    if not 2000 <= moment.year < 2100:
        raise ValueError("should be a time of this century")
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class ReceiptInput(BaseModel):
    """What happened to one message, named by exactly one of `delivery_id`, `message_id` and `reference`."""

    model_config = ConfigDict(extra="forbid")

    delivery_id: str | None = Field(
        None, min_length=1, max_length=60, examples=["665f1c2e9b1d8a0012345678:665f1c2e9b1d8a0012345679"]
    )
    message_id: str | None = Field(
        None, min_length=1, max_length=500, description="The Message-ID that Cohort gave the mail"
    )
    reference: str | None = Field(
        None, min_length=1, max_length=200, description="The id that the vendor gave when it took the message"
    )
    event: Literal["delivered", "bounced", "complained"]
    permanent: bool = Field(False, description="Of a bounce: the address is wrong for good, never write to it again")
    reason: str = Field("", max_length=2_000, examples=["550 5.1.1 no such user"])
    at: Annotated[datetime, AfterValidator(_sensible)] | None = Field(
        None, description="When it happened; default: now"
    )
    id: str | None = Field(None, min_length=1, max_length=200, description="The vendor's own id of this event")

    @model_validator(mode="after")
    def _names_one_message(self) -> ReceiptInput:
        given = [name for name in ("delivery_id", "message_id", "reference") if getattr(self, name) is not None]
        if len(given) != 1:
            wrong = given[1] if given else "delivery_id"
            raise wrong_field(wrong, "give exactly one of delivery_id, message_id and reference")
        return self


class ReceiptBatch(BaseModel):
    """Up to 1,000 receipts."""

    model_config = ConfigDict(extra="forbid")

    receipts: list[ReceiptInput] = Field(min_length=1, max_length=MOST)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What became of a report: `accepted` are kept, `repeated` were known, `unknown` names messages that are not ours.

    A vendor may report sooner than its answer to the sending is written down. So whoever is in the campaign's audience
    is known, and a `reference` that no delivery carries is kept although it is named: both are looked for again for ten
    minutes.
    """

    accepted: int
    repeated: int
    unknown: list[str]


def read_report(body: Any) -> list[ReceiptInput]:
    """The receipts of a JSON body: one, or `{"receipts": [...]}`. Raises InvalidInput naming every wrong field."""
    if isinstance(body, dict) and "receipts" in body:
        return checked(ReceiptBatch, body).receipts
    return [checked(ReceiptInput, body)]


async def take(report: Sequence[ReceiptInput]) -> Recorded:
    """Keep these receipts; each is taken in within about a second. Repeats change nothing."""
    deliveries = await _known([id for one in report if (id := _own_id(one)) is not None])
    references = await deliveries_of([one.reference for one in report if one.reference is not None])
    known: list[Receipt] = []
    early: list[Receipt] = []
    unknown: list[str] = []
    for one in report:
        own = _own_id(one)
        id = own if own in deliveries else references.get(one.reference or "")
        if id is not None:
            known.append(_receipt(one, id))
            continue
        unknown.append(one.delivery_id or one.message_id or one.reference or "")
        if one.reference is not None:
            early.append(_receipt(one, None))
    await record(list({receipt.id: receipt for receipt in early}.values()))
    accepted = await record(list({receipt.id: receipt for receipt in known}.values()))
    return Recorded(accepted=accepted, repeated=len(known) - accepted, unknown=unknown)


def _own_id(one: ReceiptInput) -> str | None:
    """The delivery that a receipt names by an id of our form, which may not exist."""
    if one.delivery_id is not None:
        return one.delivery_id if _DELIVERY_ID.fullmatch(one.delivery_id) else None
    found = _MESSAGE_ID.fullmatch((one.message_id or "").strip())
    return f"{found[1]}:{found[2]}" if found else None


async def _known(ids: Sequence[str]) -> set[str]:
    """Those of these ids that are deliveries, or will be: people of a campaign's audience whose line is to come."""
    if not ids:
        return set()
    found = {row["_id"] async for row in collection("deliveries").find({"_id": {"$in": list(ids)}}, {"_id": 1})}
    campaigns: defaultdict[ObjectId, list[ObjectId]] = defaultdict(list)
    for id in set(ids) - found:
        campaign, _, customer = id.partition(":")
        campaigns[ObjectId(campaign)].append(ObjectId(customer))
    for campaign_id, customers in campaigns.items():
        chunks = await collection("chunks").aggregate(
            [
                {"$match": {"campaign_id": campaign_id, "customer_ids": {"$in": customers}}},
                {"$project": {"ids": {"$setIntersection": ["$customer_ids", customers]}}},
            ]
        )
        found |= {delivery_id(campaign_id, one) async for chunk in chunks for one in chunk["ids"]}
    return found


def _receipt(one: ReceiptInput, delivery_id: str | None) -> Receipt:
    moment = now()
    reason = " ".join(one.reason.split())[:REASON_CHARACTERS]
    reason = "".join(letter if letter.isprintable() else "?" for letter in reason)
    said = f"{one.permanent} {reason}"
    about = delivery_id or f"reference {one.reference}"
    return Receipt(
        id=receipt_key(about, one.event, vendor_id=one.id, at=one.at, said=said),
        delivery_id=delivery_id,
        reference=one.reference,
        event=ReceiptEvent(one.event),
        permanent=one.permanent,
        reason=reason,
        at=min(one.at, moment) if one.at is not None else moment,
        due_at=moment,
    )
