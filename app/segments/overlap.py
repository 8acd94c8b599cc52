"""Who is in several segments at once: every region that up to five segments divide the customers into.

Two ways, both exact and as of one moment, so the regions add up to the union:

- by counts: the size of every intersection by an indexed count in one snapshot, then inclusion and exclusion. An empty
  intersection spares those inside it. 3 counts for two segments, 31 for five.
- by bits: one query for each condition, of which MongoDB sends the ids (`app.segments.growth.reading`); what regions
  there are then costs nothing.

Counts are taken for two or three segments whose filters are small; they are faster there, and slower from four segments
on (15 counts). A condition on orders or campaigns becomes a list of ids in its filter, up to 12 MB, which every count
would send and look through again. `benchmarks/growth.py` measures both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from bson import encode
from pymongo.errors import ExecutionTimeout, OperationFailure

from app.auth.permissions import require
from app.database import collection, database
from app.errors import InvalidInput, NotFound, Unavailable
from app.segments.catalogue.fields import Catalogue
from app.segments.compile import compile_rule
from app.segments.compile.filters import all_of
from app.segments.growth.membership import Known, conditions, members
from app.segments.growth.reading import SNAPSHOT_GONE, reading
from app.segments.rule.nodes import Group, Leaf
from app.segments.saved import get_segment
from app.segments.saved.current import read_rule
from models.member import Member
from models.segment import Segment
from models.values import now

FEWEST, MOST = 2, 5
LONGEST_MS = 20_000
MOST_COUNTED = 3
SMALL_BYTES = 2_000_000
"""More segments, and filters above this, are looked at by bits."""

Sizes = Mapping[frozenset[int], int]


@dataclass(frozen=True, kw_only=True)
class Region:
    """The customers who are in all segments of `inside` and in none of `outside`. `rule` selects exactly them."""

    inside: tuple[str, ...]
    outside: tuple[str, ...]
    count: int
    rule: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """`regions` holds every combination that is not empty of segments, the largest first; they add up to `union`.

    `sizes` is by segment id, `total` all customers, `way` how it was found out.
    """

    segments: tuple[Segment, ...]
    sizes: dict[str, int]
    regions: tuple[Region, ...]
    union: int
    total: int
    way: str

    @property
    def none(self) -> int:
        """How many customers are in none of the segments."""
        return self.total - self.union


async def overlap(member: Member, segment_ids: Sequence[object]) -> Overlap:
    """The regions of two to five segments. Nothing is kept.

    Raises PermissionDenied, InvalidInput naming `segment_ids` (too few, too many, twice the same, unknown), RuleError
    for a rule that cannot be used, and Unavailable when it takes too long.
    """
    require(member, "segments.read")
    segments = await _segments(member, segment_ids)
    read = [await read_rule(segment.rule) for segment in segments]
    rules = [rule for rule, _ in read]
    catalogue = read[-1][1]
    moment = now()
    filters = [await compile_rule(rule, catalogue, now=moment) for rule in rules]
    if len(filters) <= MOST_COUNTED and sum(len(encode({"f": one})) for one in filters) <= SMALL_BYTES:
        inside, total = await by_counts(filters)
        return _overlap(segments, inside, total, "counts")
    inside, total = await by_bits(rules, catalogue)
    return _overlap(segments, inside, total, "bits")


def region_rule(inside: Sequence[str], outside: Sequence[str]) -> dict[str, Any]:
    """The rule of a region, as JSON: in each of these segments and in none of those."""
    named = [("in", key) for key in inside] + [("notIn", key) for key in outside]
    return {
        "combinator": "and",
        "rules": [{"field": "segment", "operator": operator, "value": key} for operator, key in named],
    }


async def by_counts(filters: Sequence[dict[str, Any]]) -> tuple[Sizes, int]:
    """How many are in every set of these (by position) and perhaps in more, and how many customers there are."""
    found: dict[frozenset[int], int] = {}
    async with database().client.start_session(snapshot=True) as session:

        async def count(wanted: dict[str, Any]) -> int:
            return await collection("customers").count_documents(wanted, maxTimeMS=LONGEST_MS, session=session)

        try:
            total = await count({})
            for size in range(1, len(filters) + 1):
                for chosen in combinations(range(len(filters)), size):
                    parts = [frozenset(part) for part in combinations(chosen, size - 1)] if size > 1 else []
                    empty = any(found[part] == 0 for part in parts)
                    wanted = all_of([filters[number] for number in chosen])
                    found[frozenset(chosen)] = 0 if empty else await count(wanted)
        except ExecutionTimeout as problem:
            raise _too_slow() from problem
        except OperationFailure as problem:
            if problem.code in SNAPSHOT_GONE:
                raise _too_slow() from problem
            raise
    return found, total


async def by_bits(rules: Sequence[Group], catalogue: Catalogue) -> tuple[Sizes, int]:
    """The same from the ids that meet each condition."""
    async with reading() as seen:
        truth: dict[Leaf, int] = {}
        for rule in rules:
            truth |= {leaf: await seen.truth(leaf, catalogue) for leaf in conditions(rule)}
        people = [members(rule, Known(seen.alive, truth)) for rule in rules]
    found: dict[frozenset[int], int] = {}
    for size in range(1, len(people) + 1):
        for chosen in combinations(range(len(people)), size):
            both = people[chosen[0]]
            for number in chosen[1:]:
                both &= people[number]
            found[frozenset(chosen)] = both.bit_count()
    return found, seen.alive.bit_count()


def exactly(sizes: Sizes, count: int) -> dict[frozenset[int], int]:
    """From how many are in all of a set how many are in those and no others (Möbius inversion over subsets)."""
    every = frozenset(range(count))
    return {
        chosen: sum(
            (-1) ** len(more) * sizes[chosen | frozenset(more)]
            for size in range(count - len(chosen) + 1)
            for more in combinations(every - chosen, size)
        )
        for chosen in sizes
    }


def _overlap(segments: Sequence[Segment], sizes: Sizes, total: int, way: str) -> Overlap:
    keys = [str(segment.id) for segment in segments]
    regions = []
    for chosen, count in exactly(sizes, len(keys)).items():
        inside = tuple(key for number, key in enumerate(keys) if number in chosen)
        outside = tuple(key for number, key in enumerate(keys) if number not in chosen)
        regions.append(Region(inside=inside, outside=outside, count=count, rule=region_rule(inside, outside)))
    return Overlap(
        segments=tuple(segments),
        sizes={key: sizes[frozenset([number])] for number, key in enumerate(keys)},
        regions=tuple(sorted(regions, key=lambda region: (-region.count, len(region.inside), region.inside))),
        union=sum(region.count for region in regions),
        total=total,
        way=way,
    )


async def _segments(member: Member, segment_ids: Sequence[object]) -> list[Segment]:
    if not FEWEST <= len(segment_ids) <= MOST:
        raise InvalidInput.of("segment_ids", f"should name {FEWEST} to {MOST} segments, not {len(segment_ids)}")
    found: list[Segment] = []
    for number, segment_id in enumerate(segment_ids):
        try:
            segment = await get_segment(member, segment_id)
        except NotFound as problem:
            raise InvalidInput.of(f"segment_ids[{number}]", "is not the id of a segment") from problem
        if any(other.id == segment.id for other in found):
            raise InvalidInput.of(f"segment_ids[{number}]", "is named twice")
        found.append(segment)
    return found


def _too_slow() -> Unavailable:
    return Unavailable("Comparing these segments took too long. Choose fewer of them.")
