"""The AI log: what was asked of the provider, by whom, what came back, and what it cost."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from app.ai.log import FAILED, CallLine, Totals, askers, get_call, list_calls, totals
from app.ai.provider import NAMES, REQUEST_MARK, configured
from app.settings import get_settings
from models import AiCall, Member
from pages.components import (
    Ask,
    Column,
    DataTable,
    Page,
    Row,
    Sheet,
    box,
    card,
    chip,
    chip_cell,
    compact,
    date_cell,
    empty_state,
    filter_bar,
    filter_select,
    icon,
    moment,
    number,
    number_cell,
    plural,
    stat,
    text,
    text_cell,
    zone_of,
)
from pages.components.chip import Tone
from pages.components.loading import Region
from pages.components.skeleton import skeleton_tiles
from pages.frame import frame, page

COLUMNS = (
    Column(name="asked", label="Asked", spot="title", width="42%"),
    Column(name="outcome", label="Answer", spot="end"),
    Column(name="purpose", label="For", spot="sub"),
    Column(name="who", label="By", wide_only=True),
    Column(name="tokens", label="Tokens", right=True, wide_only=True),
    Column(name="took", label="Time", right=True, wide_only=True),
    Column(name="when", label="When", spot="subend"),
)
PURPOSES = {
    "": "Any purpose",
    "segment": "Segments",
    "description": "Descriptions",
    "copy": "Messages",
    "insight": "Insights",
}
OUTCOMES = {"": "Any answer", "ok": "Used", FAILED: "Not used"}
SAID: dict[str, str] = {
    "ok": "Used",
    "json": "No complete JSON",
    "schema": "Not the agreed form",
    "unknown_field": "Field that does not exist",
    "bad_value": "Value that does not exist",
    "relative_date_expected": "Fixed day for a relative time",
    "number_not_in_prompt": "Number nobody said",
    "depth": "Nested too deep",
    "direction": "Over and under mixed up",
    "negation": "In and not in mixed up",
    "joined": "And and or mixed up",
    "everyone": "Selected everyone",
    "left_out": "Left something out",
    "vague": "Guessed at a vague word",
    "disagrees": "Read differently",
    "blocked": "Declined for safety",
    "empty": "Empty answer",
    "timeout": "Too slow",
    "rate_limited": "Too many requests",
    "quota": "Quota used up",
    "not_authorised": "Key refused",
    "unknown_model": "Unknown model",
    "unavailable": "Not available",
    "unreachable": "Not reached",
    "rejected": "Request rejected",
    "unreadable": "Not readable",
    "stopped": "Stopped",
    "cut": "Cut off",
    "too_long": "Too long",
    "markup": "Markup in it",
    "number": "Number nobody said",
}
"""Outcomes in words; another one is shown by its name."""
AWAY = frozenset(
    ("timeout", "rate_limited", "quota", "not_authorised", "unknown_model", "unavailable", "unreachable", "rejected")
)


@page("/ai-log", permission="ai.log", title="AI log")
async def ai_log(member: Member, purpose: str = "", outcome: str = "", by: str = "") -> None:
    """The list, narrowed by purpose, outcome and member; each line opens all of its words."""
    people = await askers(member)
    shown = {
        "purpose": purpose if purpose in PURPOSES else "",
        "outcome": outcome if outcome in OUTCOMES else "",
        "by": by if by in people else "",
    }

    async def load(ask: Ask) -> Page:
        found, following = await list_calls(
            member,
            purpose=shown["purpose"] or None,
            outcome=shown["outcome"] or None,
            member_id=shown["by"] or None,
            limit=ask.limit,
            cursor=ask.cursor,
        )
        return Page(rows=[_row(line, member) for line in found], next_cursor=following)

    async def narrow(what: str, value: str) -> None:
        shown[what] = value or ""
        await table.reload()

    async def read(key: str) -> None:
        call, who = await get_call(member, key)
        _show(sheet, call, who, member)

    with frame(member, "AI log", _subtitle()):
        region = Region(lambda: _tiles(member), lambda: skeleton_tiles(2), css="stack")
        with filter_bar():
            filter_select("Purpose", PURPOSES, partial(narrow, "purpose"), value=shown["purpose"])
            filter_select("Answer", OUTCOMES, partial(narrow, "outcome"), value=shown["outcome"])
            filter_select("Member", {"": "Any member", **people}, partial(narrow, "by"), value=shown["by"])
        with card(css="p-0"):
            table = DataTable(
                COLUMNS,
                load,
                empty=lambda: _nothing(any(shown.values())),
                locale=member.locale,
                label="Requests to the AI",
                per_page=50,
                on_open=read,
            )
        sheet = Sheet("Request", wide=True)
    await ui.context.client.connected()
    await region.load()
    await table.reload()


def _subtitle() -> str:
    days = get_settings().ai_log_days
    kept = f"kept for {days} days" if days else "kept for good"
    return f"Every question to the AI and its answer, {kept}"


async def _tiles(member: Member) -> None:
    found: Totals = await totals(member)
    locale = member.locale
    limit = found.most_tokens_a_day
    of = f"of {compact(limit, locale)} a day" if limit else "no daily limit"
    with box("tiles"):
        stat("Tokens today", number(found.tokens_today, locale), note=of)
        stat("Requests today", number(found.calls_today, locale))
        stat("Tokens in 30 days", number(found.tokens, locale))
        stat("Requests in 30 days", number(found.calls, locale))


def _nothing(narrowed: bool) -> None:
    if narrowed:
        with empty_state("search", "No request fits", "Loosen a filter to see more."):
            return
    if configured() is None:
        words = (
            "No AI provider is set, so nothing leaves this server. The built-in grammar reads descriptions by itself."
        )
    else:
        words = "Each question to the AI provider leaves a line here: what was asked, by whom, and what came back."
    with empty_state("sparkles", "Nothing has been asked yet", words):
        return


def _row(line: CallLine, member: Member) -> Row:
    return Row(
        key=str(line.id),
        label=f"Request: {line.asked[:80]}",
        cells={
            "asked": text_cell(line.asked or "No words", css="clamp", title=line.asked),
            "outcome": chip_cell(SAID.get(line.outcome, line.outcome), _tone(line.outcome)),
            "purpose": text_cell(PURPOSES.get(line.purpose, line.purpose), css="muted"),
            "who": text_cell(line.member, css="muted"),
            "tokens": number_cell(_tokens(line), member),
            "took": text_cell(_seconds(line.took_ms, member), css="num muted"),
            "when": date_cell(line.created_at, member),
        },
    )


def _tone(outcome: str) -> Tone:
    return "good" if outcome == "ok" else "bad" if outcome in AWAY else "warn"


def _tokens(line: CallLine | AiCall) -> int | None:
    if line.input_tokens is None and line.output_tokens is None:
        return None
    return (line.input_tokens or 0) + (line.output_tokens or 0)


def _seconds(took_ms: int, member: Member) -> str:
    return f"{number(took_ms, member.locale)} ms" if took_ms < 1_000 else f"{took_ms / 1000:.1f} s"


def _show(sheet: Sheet, call: AiCall, who: str, member: Member) -> None:
    sheet.clear()
    sheet.title.text = PURPOSES.get(call.purpose, call.purpose)
    sheet.subtitle.text = f"{who}, {moment(call.created_at, zone_of(member), member.locale)}"
    told, _, asked = call.prompt.partition(REQUEST_MARK)
    with sheet:
        with box("line gap-2 flex-wrap"):
            chip(SAID.get(call.outcome, call.outcome), _tone(call.outcome))
            chip(f"{NAMES[call.provider]} · {call.model}" if call.provider == "gemini" else call.model)
            text(_seconds(call.took_ms, member), "muted t12 num", tag="span")
            if _tokens(call) is not None:
                read, written = number(call.input_tokens, member.locale), number(call.output_tokens, member.locale)
                text(f"{read} tokens read, {written} written", "muted t12 num", tag="span")
        _words("Asked", asked or call.prompt)
        _words("Answered", call.reply or "Nothing came back.")
        if asked:
            _instructions(told, member)
    sheet.open()


def _words(title: str, content: str) -> None:
    with box("stack gap-1"):
        text(title, "t14 strong", tag="h3")
        text(content, "ai-words mono t12", tag="pre")


def _instructions(told: str, member: Member) -> None:
    with ui.element("details").classes("ai-told"):
        with ui.element("summary"), box("line gap-2"):
            icon("chevron-right", "s14")
            text(f"Instructions, {plural(len(told), 'character', 'characters', member.locale)}", "strong", tag="span")
        text(told, "ai-words mono t12", tag="pre")
