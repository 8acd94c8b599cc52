"""The slim bar on top: search, running campaigns, theme, the member."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from app.auth.permissions import allowed
from app.database import collection
from models.member import Member
from pages import palette, pulse
from pages.components.icon import icon
from pages.components.person import avatar
from pages.components.tabs import segmented
from pages.components.text import box, text

THEMES = {"auto": None, "light": False, "dark": True}


def draw(member: Member, more: Sequence[tuple[str, str, str]]) -> None:
    """Draw it; `more` are the (path, icon, word) a phone's bottom bar has no place for."""
    with ui.element("div").classes("top"), ui.element("div"):
        with ui.element("a").classes("only-phone").props('href="/" aria-label="Cohort, home"'):
            ui.element("span").classes("mark").style("display:block")
        open_palette = palette.draw(member)
        with ui.element("button").classes("find only-wide").props('type=button aria-label="Search or go to"') as find:
            icon("search")
            text("Search or go to", tag="span")
            text("Ctrl K", "kbd", tag="span")
        find.on("click", open_palette, [])
        box().style("flex:1")
        pulse.draw(member)
        with ui.element("button").classes("tool only-phone").props('type=button aria-label="Search or go to"') as small:
            icon("search", "s18")
        small.on("click", open_palette, [])
        _more(more)
        _member_menu(member)


def _more(entries: Sequence[tuple[str, str, str]]) -> None:
    with ui.element("button").classes("tool only-phone").props('type=button aria-label="More pages"'):
        icon("ellipsis", "s18")
        with ui.menu().props('anchor="bottom right" self="top right" :offset="[0,6]"'):
            for path, picture, word in entries:
                with ui.element("a").classes("mi").props(f"href={path}"):
                    icon(picture)
                    text(word, tag="span")


def _member_menu(member: Member) -> None:
    name = member.name or member.email
    with ui.element("button").classes("tool").props("type=button") as opener:
        opener.props["aria-label"] = f"Account of {name}"
        avatar(member.name, member.email)
        with (
            ui.menu().props('anchor="bottom right" self="top right" :offset="[0,8]" no-focus').style("min-width:248px")
        ):
            with box("menu-head stack"):
                text(name, "strong truncate")
                text(f"{str(member.role).capitalize()} · {member.email}", "muted t12 truncate")
            box("menu-rule")
            with box("line justify-between gap-4").style("padding:6px 10px"):
                text("Theme", "muted", tag="span")
                _theme(member)
            box("menu-rule")
            with ui.element("a").classes("mi").props("href=/settings"):
                icon("settings")
                text("Settings", tag="span")
            if allowed(member, "ai.log"):
                with ui.element("a").classes("mi").props("href=/ai-log"):
                    icon("sparkles")
                    text("AI log", tag="span")
            with ui.element("form").props('method=post action="/signout"').style("margin:0"):
                with ui.element("button").classes("mi").props("type=submit"):
                    icon("log-out")
                    text("Sign out", tag="span")


def _theme(member: Member) -> None:
    async def choose(theme: str) -> None:
        if theme not in THEMES:
            return
        ui.run_javascript(f"cohortTheme('{theme}')")
        ui.context.client.storage["dark_mode"].value = THEMES[theme]
        await collection("members").update_one({"_id": member.id}, {"$set": {"theme": theme}})
        member.theme = theme  # type: ignore[assignment]  # one of THEMES, checked above

    options = [("auto", "", "monitor"), ("light", "", "sun"), ("dark", "", "moon")]
    group = segmented(options, member.theme, choose, label="Theme")
    for button, (key, _, _) in zip(group.default_slot.children, options, strict=True):
        button.props["aria-label"] = {"auto": "As the system", "light": "Light", "dark": "Dark"}[key]
        button.props["title"] = button.props["aria-label"]
