"""The command palette: go to pages, find customers, segments and campaigns, from the keyboard."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.elements.dialog import Dialog

from app.auth.permissions import allowed
from app.customers.listing import MAX_SEARCH, search_filter
from app.customers.masking import shown_address
from app.database import collection
from models.member import Member
from models.values import fold
from pages.components.icon import icon
from pages.components.text import box, text

PLACES = (
    ("Home", "/", "house"),
    ("Customers", "/customers", "users"),
    ("Orders", "/orders", "shopping-bag"),
    ("Segments", "/segments", "filter"),
    ("New segment", "/segments/new", "plus"),
    ("Campaigns", "/campaigns", "send"),
    ("New campaign", "/campaigns/new", "plus"),
    ("Communication log", "/log", "scroll-text"),
    ("Outbox", "/outbox", "inbox"),
    ("Imports", "/imports", "upload"),
)
MOST = 6
"""Hits of each kind."""

_STEP = """(e) => {
  if (!['ArrowDown', 'ArrowUp', 'Enter'].includes(e.key)) return;
  const root = e.currentTarget, hits = [...root.querySelectorAll('a.hit')], at = hits.indexOf(document.activeElement);
  if (e.key === 'Enter') { if (at < 0 && hits.length) { e.preventDefault(); hits[0].click(); } return; }
  e.preventDefault();
  const next = at + (e.key === 'ArrowDown' ? 1 : -1);
  (next < 0 ? root.querySelector('input') : hits[Math.min(next, hits.length - 1)])?.focus();
}"""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One line of the result."""

    group: str
    label: str
    sub: str
    href: str
    icon: str


async def find(member: Member, words: str) -> list[Hit]:
    """What matches, best known kinds first. Each part is served by an index or a collection of some hundreds."""
    asked = fold(words)
    hits = [Hit(group="Go to", label=n, sub="", href=p, icon=i) for n, p, i in PLACES if asked in n.casefold()]
    if not asked:
        return hits
    if allowed(member, "customers.read"):
        hits += await _customers(member, words)
    if allowed(member, "segments.read"):
        hits += await _named("segments", "name_folded", re.escape(asked), "Segments", "filter")
    if allowed(member, "campaigns.read"):
        hits += await _named("campaigns", "name", f"(?i){re.escape(words.strip())}", "Campaigns", "send")
    return hits


async def _customers(member: Member, words: str) -> list[Hit]:
    found = collection("customers").find(search_filter(member, words[:MAX_SEARCH]), {"name": 1, "email": 1}).limit(MOST)
    return [
        Hit(
            group="Customers",
            label=raw.get("name") or shown_address(member, raw.get("email")) or "No name",
            sub=(shown_address(member, raw.get("email")) or "") if raw.get("name") else "",
            href=f"/customers/{raw['_id']}",
            icon="user-round",
        )
        async for raw in found
    ]


async def _named(place: str, key: str, pattern: str, group: str, picture: str) -> list[Hit]:
    found = collection(place).find({key: {"$regex": pattern}}, {"name": 1, "state": 1}).limit(MOST)
    return [
        Hit(group=group, label=raw["name"], sub=raw.get("state", ""), href=f"/{place}/{raw['_id']}", icon=picture)
        async for raw in found
    ]


def draw(member: Member) -> Callable[[], Awaitable[None]]:
    """Put the palette on the page, closed, and Ctrl-K (or Cmd-K, or /) with it; answers what opens it."""
    dialog: Dialog = ui.dialog().props('position=top transition-duration=80 aria-label="Search or go to"')
    parts: dict[str, Any] = {}

    async def show(words: str) -> None:
        parts["asked"] = words
        hits = await find(member, words)
        if parts["asked"] != words:
            return
        parts["hits"].clear()
        with parts["hits"]:
            _draw_hits(hits, words)

    def build() -> None:
        with dialog, box("palette") as surface:
            with box("question"):
                icon("search", "s18")
                field = ui.element("input").props(
                    'type=text placeholder="Search customers, segments, campaigns, pages"'
                )
                field.props('autofocus autocomplete=off spellcheck=false aria-label="Search or go to"')
                text("Esc", "kbd", tag="span")
            field.on(
                "input", lambda event: show(str(event.args)), js_handler=_TYPED, throttle=0.12, leading_events=False
            )
            surface.on("keydown", js_handler=_STEP)
            parts["hits"] = box("hits")

    async def open_palette() -> None:
        if not parts:
            build()
        dialog.open()
        await show("")

    opener = ui.element("button").props("type=button id=open-palette tabindex=-1 aria-hidden=true").classes("sr-only")
    opener.on("click", open_palette, [])
    return open_palette


_TYPED = "(e) => emit(e.target.value)"


def _draw_hits(hits: list[Hit], words: str) -> None:
    if not hits:
        text(f"Nothing matches “{words.strip()}”", "muted").style("padding:18px 10px")
    group = ""
    for hit in hits:
        if hit.group != group:
            group = hit.group
            text(group, "group")
        with ui.element("a").classes("hit") as link:
            link.props["href"] = hit.href
            icon(hit.icon)
            text(hit.label, "truncate", tag="span")
            if hit.sub:
                text(hit.sub, "sub", tag="span")


SHORTCUT = """<script>addEventListener('keydown',e=>{const k=e.key.toLowerCase();
const typing=/^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName)||e.target.isContentEditable;
const meta=e.ctrlKey||e.metaKey,b=document.getElementById('open-palette');
if((meta&&k==='k')||(k==='/'&&!typing&&!meta)){if(b){e.preventDefault();b.click()}}})</script>"""
"""Head script: the keys that open the palette."""
