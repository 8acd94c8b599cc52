"""Who is in several segments at once: every combination with its size, and a segment of any of them."""

from __future__ import annotations

from nicegui import background_tasks, ui

from app.auth.permissions import allowed
from app.segments.overlap import MOST, Overlap, Region, overlap, region_rule
from app.segments.saved import list_segments
from models import Member, Segment
from pages.components import (
    box,
    button,
    card,
    chips_field,
    empty_state,
    error_state,
    explain,
    number,
    percent,
    plural,
    skeleton_block,
    text,
)
from pages.components.region_sheet import RegionSheet, named
from pages.frame import frame, page

FIRST = 3
LETTERS = "ABCDE"


@page("/segments/overlap", permission="segments.read", title="Compare segments", nav="segments")
async def segment_overlap(member: Member, ids: str = "") -> None:
    """Up to five segments; `ids` are those to begin with, separated by commas."""
    segments = {str(segment.id): segment for segment in (await list_segments(member, limit=200))[0]}
    with frame(
        member, "Compare segments", "Who is in several of them, and who in one alone", back=("/segments", "Segments")
    ):
        if len(segments) < 2:
            _too_few(member, len(segments))
            return
        asked = [key for key in ids.split(",") if key in segments][:MOST]
        screen = _Screen(member, segments, asked or list(segments)[:FIRST])
        screen.draw()
    await ui.context.client.connected()
    await screen.compare()


def _too_few(member: Member, count: int) -> None:
    words = "Two segments are needed to compare them; there is one." if count else "There are no segments yet."
    with card(css="p-0"), empty_state("layers", "Nothing to compare yet", words) as actions:
        if allowed(member, "segments.write"):
            with actions:
                button("See suggested segments", icon="sparkles", href="/segments/suggested")
                button("New segment", icon="plus", kind="primary", href="/segments/new")


class _Screen:
    """The page: what is chosen, and the answer to it."""

    def __init__(self, member: Member, segments: dict[str, Segment], chosen: list[str]) -> None:
        self.member = member
        self.segments = segments
        self.chosen = chosen
        self.asked = 0
        self.sheet = RegionSheet(member)

    def draw(self) -> None:
        """The choice at once, the answer when the browser is there."""
        with card(css="p-4"):
            self.field = chips_field(
                f"Segments, 2 to {MOST}",
                self.chosen,
                options={key: segment.name for key, segment in self.segments.items()},
                on_change=self._choose,
            )
            self.field.props["max-values"] = MOST
            self.field.mark("segments")
        self.place = box("stack gap-4")
        with self.place:
            skeleton_block(320)

    async def _choose(self, chosen: list[str]) -> None:
        self.chosen = list(dict.fromkeys(chosen or []))[:MOST]
        await self.compare()

    async def compare(self) -> None:
        """Ask anew. Of several answers only the last asked for is shown."""
        self.asked += 1
        mine = self.asked
        if len(self.chosen) < 2:
            self.place.clear()
            with (
                self.place,
                card(css="p-0"),
                empty_state("layers", "Choose another segment", "Two or more can be compared."),
            ):
                pass
            return
        self.place.classes("counting")
        try:
            found = await overlap(self.member, self.chosen)
        except Exception as problem:
            if mine == self.asked and not self.place.is_deleted:
                self._failed(explain(problem))
            return
        if mine == self.asked and not self.place.is_deleted:
            self.place.classes(remove="counting")
            self.place.clear()
            with self.place:
                self._show(found)

    def _failed(self, words: str) -> None:
        self.place.classes(remove="counting")
        self.place.clear()
        with self.place, card(css="p-0"):
            error_state(words, self.compare)

    def _show(self, found: Overlap) -> None:
        locale = self.member.locale
        with box("overlap-sizes"):
            for place, segment in enumerate(found.segments):
                self._size(found, place, segment)
        note = f"{plural(found.union, 'person', 'people', locale)} in at least one of them"
        with card("Combinations", css="p-5", note=note):
            most = max([region.count for region in found.regions] + [found.none], default=0) or 1
            with ui.element("ul").classes("regions"):
                for region in found.regions:
                    if region.count:
                        self._row(found, region, most)
                if found.none:
                    keys = tuple(str(segment.id) for segment in found.segments)
                    none = Region(inside=(), outside=keys, count=found.none, rule=region_rule((), keys))
                    self._row(found, none, most)
            if empty := sum(not region.count for region in found.regions):
                whom = "it" if empty == 1 else "them"
                words = plural(empty, "combination has", "combinations have", locale)
                text(f"{words} nobody in {whom}.", "faint t12 mt-3")

    def _size(self, found: Overlap, place: int, segment: Segment) -> None:
        size, locale = found.sizes[str(segment.id)], self.member.locale
        with ui.element("a").classes(f"card p-4 overlap-size set-{place}") as tile:
            tile.props["href"] = f"/segments/{segment.id}"
            with box("line gap-2 min-w-0"):
                text(LETTERS[place], "setmark", tag="span")
                text(segment.name, "medium truncate", tag="span").props["title"] = segment.name
            with box("line gap-2 items-baseline"):
                text(number(size, locale), "t20 num", tag="span")
                share = percent(size / found.total if found.total else 0, locale)
                text(f"{share} of all", "muted t12 num", tag="span")

    def _row(self, found: Overlap, region: Region, most: int) -> None:
        locale = self.member.locale
        words = named(found, region)
        with ui.element("li"), ui.element("button").props("type=button").classes("region") as row:
            letters = [LETTERS[n] for n, segment in enumerate(found.segments) if str(segment.id) in region.inside]
            row.mark(f"region-{''.join(letters)}")
            row.props["aria-label"] = f"{words}: {plural(region.count, 'person', 'people', locale)}"
            with box("dots").props("aria-hidden=true"):
                for place, segment in enumerate(found.segments):
                    on = str(segment.id) in region.inside
                    text(LETTERS[place], f"setmark set-{place}" if on else "setmark off", tag="span")
            with box("region-said"):
                text(words, "clamp", tag="span")
                with box("region-bar" + ("" if region.inside else " none")):
                    box().style(f"width:{max(region.count / most * 100, 0.5):.2f}%")
            with box("region-count"):
                text(number(region.count, locale), "num medium", tag="span")
                text(percent(region.count / found.total, locale), "num muted t12", tag="span")
        row.on("click", lambda: self._open(found, region), [])

    def _open(self, found: Overlap, region: Region) -> None:
        background_tasks.create(self.sheet.show(found, region), name="region")
