"""Segments: every named rule with its sentence, its size and when that was counted."""

from __future__ import annotations

from nicegui import ui

from app.auth.permissions import allowed
from app.segments.contact import saved_shown
from app.segments.service import create_segment, delete_segment, get_segment, list_segments, refresh_size
from models import Member, Segment
from models.segment import RuleSource
from pages.components import (
    Ask,
    Column,
    DataTable,
    Page,
    Row,
    action_cell,
    ago,
    button,
    card,
    chip_cell,
    confirm,
    date_cell,
    empty_state,
    filter_bar,
    number,
    plural,
    search_input,
    text_cell,
    toast,
)
from pages.components.chip import Tone
from pages.frame import frame, page
from pages.segment_import import import_segment

COLUMNS = (
    Column(name="name", label="Segment", spot="title", width="52%"),
    Column(name="size", label="Size", right=True, spot="end"),
    Column(name="source", label="Made", wide_only=True),
    Column(name="updated", label="Updated", spot="sub"),
    Column(name="acts", label="", right=True, spot="subend"),
)
SOURCES: dict[RuleSource, tuple[str, Tone]] = {
    RuleSource.HAND: ("by hand", "gray"),
    RuleSource.GRAMMAR: ("from words", "gray"),
    RuleSource.GEMINI: ("by Gemini", "accent"),
    RuleSource.OPENAI: ("by OpenAI", "accent"),
    RuleSource.IMPORT: ("imported", "gray"),
}


@page("/segments", permission="segments.read", title="Segments", nav="segments")
async def segments(member: Member, q: str = "") -> None:
    """The list; `q` is the search to begin with."""
    may_edit = allowed(member, "segments.write")
    searched = q[:200]

    async def load(ask: Ask) -> Page:
        found, following = await list_segments(member, search=searched, limit=ask.limit, cursor=ask.cursor)
        shown = [await saved_shown(member, segment) for segment in found]
        return Page(rows=[_row(segment, member, may_edit) for segment in shown], next_cursor=following)

    async def search(words: str) -> None:
        nonlocal searched
        searched = words
        await table.reload()

    def nothing() -> None:
        if searched:
            with empty_state("search", f"No segment matches “{searched}”", "Try another part of its name."):
                return
        words = (
            "A segment is a group of customers that you describe once, such as regulars who stopped buying. It keeps "
        )
        with empty_state("filter", "Describe your first audience", f"{words}itself up to date.") as acts, acts:
            if may_edit:
                button("New segment", icon="plus", kind="primary", href="/segments/new")

    async def act(name: str, key: str) -> None:
        if name == "count":
            segment = await refresh_size(member, key)
            toast(f"{segment.name}: {plural(segment.size or 0, 'person', 'people', member.locale)}")
        elif name == "copy":
            await _copy(member, key)
        elif not await _delete(member, key):
            return
        await table.refresh()

    with frame(member, "Segments", "Groups of customers that keep themselves up to date") as actions:
        with actions:
            button("Compare", icon="layers", href="/segments/overlap")
            button("Suggestions", icon="sparkles", href="/segments/suggested")
        if may_edit:
            with actions:
                button("Import", icon="upload", on_click=lambda: import_segment(member))
                button("New segment", icon="plus", kind="primary", href="/segments/new")
        with filter_bar():
            search_input("Search segments", search, value=searched)
        with card(css="p-0"):
            table = DataTable(
                COLUMNS, load, empty=nothing, per_page=50, locale=member.locale, label="Segments", on_action=act
            )
    await ui.context.client.connected()
    await table.reload()


def _row(segment: Segment, member: Member, may_edit: bool) -> Row:
    word, tone = SOURCES[segment.source]
    counted = f"counted {ago(segment.sized_at, member.locale)}" if segment.sized_at else "not counted yet"
    actions = [("count", "Count again", "refresh-cw")]
    if may_edit:
        actions += [("copy", "Duplicate", "copy"), ("delete", "Delete", "trash-2")]
    return Row(
        key=str(segment.id),
        href=f"/segments/{segment.id}",
        label=segment.name,
        cells={
            "name": text_cell(segment.name, css="medium", second=segment.description or segment.sentence),
            "size": text_cell(number(segment.size, member.locale), css="num medium", second=counted),
            "source": chip_cell(word, tone),
            "updated": date_cell(segment.updated_at, member),
            "acts": action_cell(actions),
        },
    )


async def _copy(member: Member, key: str) -> None:
    """The same again under a name of its own."""
    original = await get_segment(member, key)
    copy = await create_segment(
        member,
        name=await _free_name(member, original.name),
        rule=original.rule,
        description=original.description,
        source=original.source,
        prompt=original.prompt,
    )
    toast(f"{copy.name} is ready to be changed")


async def _free_name(member: Member, name: str) -> str:
    taken = {segment.name for segment in (await list_segments(member, search=name, limit=200))[0]}
    number_of_copy = 1
    while (candidate := f"{name} (copy{'' if number_of_copy == 1 else f' {number_of_copy}'})") in taken:
        number_of_copy += 1
    return candidate


async def _delete(member: Member, key: str) -> bool:
    segment = await get_segment(member, key)
    size = plural(segment.size, "person", "people", member.locale) if segment.size is not None else "its people"
    sure = await confirm(
        f"Delete {segment.name}?",
        f"The description of this audience goes away for everybody here. The customers in it ({size}) stay, and so do "
        "messages that were sent to them.",
        action="Delete segment",
        danger=True,
    )
    if sure:
        await delete_segment(member, key)
        toast(f"{segment.name} is deleted")
    return sure
