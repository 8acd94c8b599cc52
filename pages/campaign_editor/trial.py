"""The message to a few addresses of one's own, before it goes to customers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from app.campaigns.audience.kinds import Kind
from app.campaigns.life.service import TrialResult, test
from app.errors import InvalidInput
from models import Member
from pages.components import button, chips_field, icon, show_errors, text
from pages.components.text import box


async def trial_dialog(member: Member, kind: Kind, save: Callable[[], Awaitable[str]]) -> None:
    """Ask for addresses, or numbers for a text message, and send. `save` stores the draft and gives its id."""
    by_phone = kind.ways[0].field == "phone"
    with ui.dialog() as dialog, box("dialog").props("role=dialog aria-modal=true"):
        text("Send a test", "t16", tag="h2")
        text(
            "The message as a customer of yours would get it. It is in no log and its unsubscribe link does nothing.",
            "muted",
        )
        field = chips_field(
            "Phone numbers" if by_phone else "Addresses",
            [] if by_phone else [member.email],
            placeholder="+49 30 1234567" if by_phone else "you@example.com",
            hint="Up to ten; Enter adds one.",
        )
        answers = box("stack gap-2")
        with box("acts"):
            button("Close", on_click=dialog.close)

            async def go() -> None:
                field.error = None
                answers.clear()
                try:
                    results = await test(member, await save(), [str(one) for one in field.value or ()])
                except InvalidInput as problem:
                    _show(field, problem)
                    return
                with answers:
                    for result in results:
                        _answer(result)

            button("Send test", icon="send", kind="primary", on_click=go)
    dialog.on("hide", dialog.delete, [])
    dialog.open()


def _show(field: ui.select | ui.input_chips, problem: InvalidInput) -> None:
    mine = [error for error in problem.errors if error.field.startswith("addresses")]
    if mine:
        field.error = mine[0].message[:1].upper() + mine[0].message[1:]
    else:
        show_errors({}, problem)


def _answer(result: TrialResult) -> None:
    tone, words = ("good", "is on its way") if result.sent else ("bad", result.words or "was not taken")
    with box(f"banner {tone} t12"):
        icon("circle-check" if result.sent else "circle-x", "s14")
        text(f"{result.address}: {words}", "min-w-0 break-words")
