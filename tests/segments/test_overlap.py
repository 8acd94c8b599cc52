"""The regions of several segments against brute force."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pytest
from bson import ObjectId

from app.database import collection
from app.errors import InvalidInput
from app.segments import overlap as comparing
from app.segments.compile import compile_rule
from app.segments.overlap import exactly, overlap
from app.segments.preview import preview
from app.segments.saved.current import read_rule
from app.segments.service import create_segment
from models import Customer, Member, Segment
from models.values import now
from tests.segments.test_rule import condition, group

RULES: tuple[dict[str, Any], ...] = (
    group(condition("city", "=", "Pune")),
    group(condition("tags", "anyOf", ["vip"])),
    {**group(condition("email_opt_in", "=", True), condition("city", "=", "Goa")), "not": True},
    group(condition("attributes.size", ">", 40), condition("city", "!=", "Pune"), combinator="or"),
    group({"field": "orders", "measure": "count", "operator": ">=", "value": 1, "not": True}),
)


@pytest.fixture(autouse=True)
async def shop(database: object) -> None:
    """Sixty customers of many kinds."""
    dice = random.Random(3)
    for number in range(60):
        await Customer(
            first_name=f"P{number}",
            city=dice.choice(["Pune", "Goa", None]),
            tags=dice.choice([[], ["vip"]]),
            email_opt_in=dice.random() < 0.5,
            attributes={"size": dice.randrange(36, 46)},
        ).insert()


async def _made(alice: Member, count: int) -> list[Segment]:
    return [await create_segment(alice, name=f"S{n}", rule=rule) for n, rule in enumerate(RULES[:count])]


async def _people(segment: Segment) -> set[ObjectId]:
    rule, catalogue = await read_rule(segment.rule)
    wanted = await compile_rule(rule, catalogue, now=now())
    return {row["_id"] async for row in collection("customers").find(wanted, {"_id": 1})}


@pytest.mark.parametrize(("count", "small"), [(2, 2_000_000), (3, 2_000_000), (3, 0), (4, 2_000_000), (5, 2_000_000)])
async def test_regions_are_what_brute_force_finds(
    alice: Member, charlie: Member, monkeypatch: pytest.MonkeyPatch, count: int, small: int
) -> None:
    monkeypatch.setattr(comparing, "SMALL_BYTES", small)
    segments = await _made(alice, count)
    people = {str(segment.id): await _people(segment) for segment in segments}
    told = await overlap(charlie, [segment.id for segment in segments])
    assert told.way == ("counts" if count <= 3 and small else "bits")
    assert told.sizes == {key: len(who) for key, who in people.items()}
    everybody = {row["_id"] async for row in collection("customers").find({}, {"_id": 1})}
    union = set().union(*people.values())
    assert (told.union, told.total, told.none) == (len(union), 60, len(everybody - union))
    assert sum(region.count for region in told.regions) == told.union
    assert len(told.regions) == 2**count - 1
    for region in told.regions:
        who = set(everybody)
        for key in region.inside:
            who &= people[key]
        for key in region.outside:
            who -= people[key]
        assert region.count == len(who)
    for region in told.regions[:3]:
        assert (await preview(charlie, region.rule, sample=0)).count == region.count


def test_sizes_turn_into_regions() -> None:
    dice = random.Random(1)
    regions = {
        frozenset(n for n, on in enumerate(flags) if on): dice.randrange(9)
        for flags in product((0, 1), repeat=4)
        if any(flags)
    }
    sizes = {chosen: sum(count for other, count in regions.items() if chosen <= other) for chosen in regions}
    assert exactly(sizes, 4) == regions


async def test_it_refuses_what_cannot_be_compared(alice: Member) -> None:
    first, second = (str(segment.id) for segment in await _made(alice, 2))
    wrong: tuple[tuple[list[Any], str], ...] = (
        ([], "segment_ids"),
        ([first], "segment_ids"),
        ([first] * 6, "segment_ids"),
        ([first, first], "segment_ids[1]"),
        ([first, "nonsense"], "segment_ids[1]"),
        ([str(ObjectId()), second], "segment_ids[0]"),
    )
    for ids, field in wrong:
        with pytest.raises(InvalidInput) as problem:
            await overlap(alice, ids)
        assert problem.value.errors[0].field == field
