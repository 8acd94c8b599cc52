"""Deciding by hand what became of messages that may or may not have arrived."""

from __future__ import annotations

from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ReturnDocument

from app.audit import note
from app.auth.authorize import authorize
from app.campaigns.record.progress import publish_hint
from app.campaigns.sending import ledger
from app.database import collection
from app.errors import Conflict, NotFound
from models.delivery import Delivery
from models.delivery import DeliveryState as State
from models.member import Member
from models.values import now

BATCH = 500


async def resolve_unknown(member: Member, delivery_id: str, *, arrived: bool) -> Delivery:
    """An `unknown` message becomes `sent`, or `failed` and can be tried again; its history names the member.

    Works for a campaign in any state. Raises PermissionDenied, NotFound, and Conflict when the message is not `unknown`
    any more.
    """
    await authorize(member, "campaigns.send")
    found = await collection("deliveries").find_one_and_update(
        {"_id": delivery_id, "state": State.UNKNOWN},
        _decision(member, arrived),
        return_document=ReturnDocument.AFTER,
    )
    if found is None:
        there = await collection("deliveries").find_one({"_id": delivery_id}, {"state": 1})
        if there is None:
            raise NotFound("There is no delivery with this id.")
        raise Conflict(f"It is known by now what became of this message: it is {there['state'].replace('_', ' ')}.")
    await ledger.move_tally(found["campaign_id"], found["chunk"], State.UNKNOWN, found["state"])
    await publish_hint(found["campaign_id"], at_once=True)
    await note(
        member, "delivery.resolve", id=delivery_id, before={"state": State.UNKNOWN}, after={"state": found["state"]}
    )
    delivery: Delivery = Delivery.model_validate(found)
    return delivery


async def resolve_all_unknown(member: Member, campaign_id: PydanticObjectId | str, *, arrived: bool) -> int:
    """`resolve_unknown` for every message of the campaign that is `unknown` now; how many there were.

    Raises PermissionDenied, and NotFound for a campaign that does not exist.
    """
    await authorize(member, "campaigns.send")
    id = ObjectId(campaign_id) if ObjectId.is_valid(campaign_id) else None
    campaign = await collection("campaigns").find_one({"_id": id}, {"name": 1}) if id is not None else None
    if id is None or campaign is None:
        raise NotFound("This campaign does not exist.")
    state = State.SENT if arrived else State.FAILED
    resolved = 0
    while rows := await _some_unknown(id):
        keys = {"_id": {"$in": [row["_id"] for row in rows]}, "state": State.UNKNOWN}
        result = await collection("deliveries").update_many(keys, _decision(member, arrived))
        resolved += result.modified_count
        for chunk in {row["chunk"] for row in rows}:
            await ledger.move_tally(id, chunk, State.UNKNOWN, state)
    await publish_hint(id, at_once=True)
    if resolved:
        before, after = {State.UNKNOWN.value: resolved, state.value: 0}, {State.UNKNOWN.value: 0, state.value: resolved}
        await note(member, "campaign.resolve", id=id, name=campaign["name"], before=before, after=after)
    return resolved


async def _some_unknown(campaign_id: ObjectId) -> list[dict[str, Any]]:
    unknown = {"campaign_id": campaign_id, "state": State.UNKNOWN}
    return await collection("deliveries").find(unknown, {"chunk": 1}).limit(BATCH).to_list()


def _decision(member: Member, arrived: bool) -> dict[str, Any]:
    moment = now()
    name = member.name or member.email
    state = State.SENT if arrived else State.FAILED
    words = f"{name} marked it as {'arrived' if arrived else 'not arrived'}."
    change = {"state": state, "reason": None if arrived else words, "updated_at": moment, "next_at": None}
    if arrived:
        change["sent_at"] = moment
    return {"$set": change, "$push": {"history": {"at": moment, "state": state, "words": words}}}
