"""Recording one segment: compare with what the record before saw, write what moved, keep what was seen.

The bits of the new state are written first, under a generation that nothing refers to yet; then one small transaction
swaps the state (only if it is still the one this record was compared with) and inserts the record. A death before that
leaves nothing but bits that the next record removes. Costs one query for each condition and 1 bit for each condition
and customer, which `benchmarks/growth.py` measures.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from app.database import collection, in_transaction
from app.errors import CohortError, Conflict, RuleError
from app.segments.catalogue.fields import Catalogue
from app.segments.growth import bits
from app.segments.growth.causes import leaf_json
from app.segments.growth.membership import Known, conditions, members
from app.segments.growth.moves import Before, moves_since, stored
from app.segments.growth.reading import Reading
from app.segments.rule.canonical import rule_json
from app.segments.rule.nodes import Condition, Group, Leaf
from app.segments.saved.current import read_rule
from models.segment import Segment
from models.segment_record import SegmentRecord
from models.segment_state import SegmentBits, SegmentState

RECORDS, STATES, BITS = SegmentRecord.Settings.name, SegmentState.Settings.name, SegmentBits.Settings.name
NEVER_ORDERED = Condition(field="last_order_at", operator="null")


@dataclass(frozen=True)
class Seen:
    """The segment as this record sees it."""

    rule: Group
    version: int
    known: Known
    members: int


async def record(reading: Reading, segment_id: ObjectId, occasion: str) -> bool:
    """Record the segment as of the reading; False when this occasion is recorded already, or the segment is gone.

    Raises RuleError and Unavailable when the segment cannot be read, Conflict when somebody else recorded meanwhile.
    """
    began = time.perf_counter()
    key = {"segment_id": segment_id, "occasion": occasion}
    row = await collection(Segment.Settings.name).find_one({"_id": segment_id}, {"rule": 1, "version": 1})
    if row is None or await collection(RECORDS).find_one(key, {"_id": 1}) is not None:
        return False
    state = await collection(STATES).find_one({"_id": segment_id}) or {}
    rule, catalogue = await read_rule(row["rule"])
    before = await _before(state, catalogue)
    known = await _known(reading, conditions(rule), catalogue)
    seen = Seen(rule, row["version"], known, members(rule, known))
    made = {**key, "_id": ObjectId(), "at": reading.moment, "size": seen.members.bit_count()}
    made |= await _moves(reading, before, seen, state, catalogue)
    await _keep(reading, state, seen, made, began)
    return True


async def _before(state: dict[str, Any], catalogue: Catalogue) -> Before | None:
    """What the record before saw; None for the first."""
    if not state.get("generation"):
        return None
    parts = {
        row["part"]: await asyncio.to_thread(bits.unpack, row["data"])
        async for row in collection(BITS).find({"segment_id": state["_id"], "generation": state["generation"]})
    }
    rule: Group | None = None
    truth: dict[Leaf, int] = {}
    try:
        rule, _ = await read_rule(state["rule"])
        truth = {leaf: parts[str(number)] for number, leaf in enumerate(conditions(rule))}
        if [leaf_json(leaf) for leaf in truth] != state["leaves"]:
            rule = None
    except (RuleError, KeyError):
        rule = None
    return Before(rule=rule, version=state["version"], members=parts["members"], known=Known(parts["alive"], truth))


async def _known(reading: Reading, leaves: tuple[Leaf, ...], catalogue: Catalogue) -> Known:
    return Known(reading.alive, {leaf: await reading.truth(leaf, catalogue) for leaf in leaves})


async def _moves(
    reading: Reading, before: Before | None, seen: Seen, state: dict[str, Any], catalogue: Catalogue
) -> dict[str, Any]:
    """`joined`, `left` and `moves` of the record."""
    if before is None or before.members == seen.members:
        return {"joined": 0, "left": 0, "moves": []}
    old = conditions(before.rule) if before.rule is not None else ()
    try:
        also = await _known(reading, tuple(leaf for leaf in old if leaf not in seen.known.truth), catalogue)
    except CohortError:
        before = Before(rule=None, version=before.version, members=before.members, known=before.known)
        also = Known(reading.alive, {})
    found = await asyncio.to_thread(
        moves_since,
        before,
        Known(reading.alive, {**also.truth, **seen.known.truth}),
        seen.rule,
        seen.version,
        erased=await reading.erased_since(state["at"]),
        never_ordered=await reading.truth(NEVER_ORDERED, catalogue) if _asks_last_order(old) else 0,
    )
    return {
        "joined": (seen.members & ~before.members).bit_count(),
        "left": (before.members & ~seen.members).bit_count(),
        "moves": list(await asyncio.to_thread(lambda: list(stored(found)))),
    }


def _asks_last_order(leaves: tuple[Leaf, ...]) -> bool:
    return any(isinstance(leaf, Condition) and leaf.field == "last_order_at" for leaf in leaves)


async def _keep(reading: Reading, state: dict[str, Any], seen: Seen, made: dict[str, Any], began: float) -> None:
    """Write bits, then record and state together, then remove what the state before needed."""
    segment_id: ObjectId = made["segment_id"]
    generation = secrets.token_hex(8)
    parts = {"members": seen.members, "alive": reading.alive}
    parts |= {str(number): truth for number, truth in enumerate(seen.known.truth.values())}
    size = 0
    for part, who in parts.items():
        data = await asyncio.to_thread(bits.pack, who)
        size += len(data)
        await collection(BITS).insert_one(
            {
                "_id": f"{segment_id}:{generation}:{part}",
                "segment_id": segment_id,
                "generation": generation,
                "part": part,
                "data": data,
            }
        )
    fresh = {
        "generation": generation,
        "at": reading.moment,
        "rule": rule_json(seen.rule),
        "version": seen.version,
        "size": made["size"],
        "leaves": [leaf_json(leaf) for leaf in seen.known.truth],
        "bytes": size,
        "problem": None,
    }
    made["bytes"] = sum(len(move["bits"]) for move in made["moves"])
    made["took_ms"] = round((time.perf_counter() - began) * 1000)

    async def work(session: AsyncClientSession) -> None:
        await swap(segment_id, state.get("generation"), fresh, session)
        await collection(RECORDS).insert_one(made, session=session)

    try:
        await in_transaction(work)
    except DuplicateKeyError as problem:
        raise Conflict("This segment was recorded by somebody else meanwhile.") from problem
    finally:
        await _tidy(segment_id)
    await _show_size(segment_id, seen.version, made["size"], reading.moment)


async def swap(
    segment_id: ObjectId, generation: str | None, fresh: dict[str, Any], session: AsyncClientSession
) -> None:
    """Replace the state, if its generation is still this one. Raises Conflict."""
    states = collection(STATES)
    known = {"_id": segment_id, "generation": generation}
    if (await states.update_one(known, {"$set": fresh}, session=session)).matched_count:
        return
    if generation is not None or await states.find_one({"_id": segment_id}, {"_id": 1}, session=session) is not None:
        raise Conflict("This segment was recorded by somebody else meanwhile.")
    await states.insert_one({"_id": segment_id, **fresh}, session=session)


async def _tidy(segment_id: ObjectId) -> None:
    """Remove bits of generations that no state refers to."""
    state = await collection(STATES).find_one({"_id": segment_id}, {"generation": 1}) or {}
    await collection(BITS).delete_many({"segment_id": segment_id, "generation": {"$ne": state.get("generation")}})


async def _show_size(segment_id: ObjectId, version: int, size: int, moment: datetime) -> None:
    """The size on the list of segments is the newest that was counted."""
    older = {"$or": [{"sized_at": None}, {"sized_at": {"$lt": moment}}]}
    await collection(Segment.Settings.name).update_one(
        {"_id": segment_id, "version": version, **older}, {"$set": {"size": size, "sized_at": moment}}
    )


async def forget(segment_id: ObjectId | None) -> None:
    """Remove everything recorded of a segment."""
    await collection(RECORDS).delete_many({"segment_id": segment_id})
    await collection(STATES).delete_one({"_id": segment_id})
    await collection(BITS).delete_many({"segment_id": segment_id})
