"""The page of one segment's rule: the builder, or for who may only look, its words and its people."""

from __future__ import annotations

from nicegui import ui

from app.auth.permissions import allowed
from app.segments.catalogue import load_catalogue
from app.segments.contact import saved_shown
from app.segments.service import get_segment
from models import Member, Segment
from pages.components import ago, button, card, text
from pages.components.text import box
from pages.components.until_closed import UntilClosed
from pages.frame import frame, page, set_title
from pages.segment_editor.builder import Builder
from pages.segment_editor.looking import Looking
from pages.segment_editor.state import EditorState
from pages.segment_tabs import segment_tabs

BACK = ("/segments", "Segments")
LONGEST_PROMPT = 1_000


@page("/segments/new", permission="segments.write", title="New segment", nav="segments")
async def new_segment(member: Member, prompt: str = "") -> None:
    """An empty rule, which is everybody, until a condition narrows it. `prompt` is asked at once."""
    state = EditorState(catalogue=await load_catalogue())
    await _build(member, state, None, ask=prompt[:LONGEST_PROMPT])


@page("/segments/{segment_id}", permission="segments.read", title="Segment", nav="segments")
async def edit_segment(member: Member, segment_id: str) -> None:
    """A saved segment. Who may not edit sees its sentence and its people."""
    segment = await get_segment(member, segment_id)
    set_title(segment.name)
    state = EditorState.of(segment, await load_catalogue())
    if allowed(member, "segments.write"):
        await _build(member, state, segment)
    else:
        await _look(member, state, segment)


async def _build(member: Member, state: EditorState, segment: Segment | None, *, ask: str = "") -> None:
    builder = Builder(member, state, segment)
    title = segment.name if segment else "New segment"
    with frame(member, title, _subtitle(member, segment), back=BACK) as actions:
        with actions:
            builder.draw_state()
            button("Save segment", icon="check", kind="primary", on_click=builder.saving.save)
        if segment is not None:
            segment_tabs(segment, "rule")
        builder.draw(ask=ask)
    await ui.context.client.connected()
    await builder.start(ask)


async def _look(member: Member, state: EditorState, segment: Segment) -> None:
    shown = await saved_shown(member, segment)
    with frame(member, segment.name, _subtitle(member, segment), back=BACK):
        segment_tabs(segment, "rule")
        with box("split builder"):
            with box("stack gap-4"):
                with card("Who is in it"):
                    text(shown.sentence, "break-words")
                if shown.description:
                    with card("Description"):
                        text(shown.description, "break-words")
            with box("builder-side"):
                looking = Looking(member, state, segment)
        UntilClosed(looking.live.close)
    await ui.context.client.connected()
    looking.live.soon(pause=0)


def _subtitle(member: Member, segment: Segment | None) -> str:
    return f"Saved {ago(segment.updated_at, member.locale)}" if segment else "Not saved yet"
