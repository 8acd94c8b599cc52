"""Short words about what just happened."""

from __future__ import annotations

from typing import Literal

from nicegui import ui


def toast(message: str, tone: Literal["good", "bad"] = "good") -> None:
    """Tell the member of this page; an error stays until it is dismissed or ten seconds are over."""
    ui.notify(
        message,
        position="bottom",
        timeout=10_000 if tone == "bad" else 3_500,
        close_button="Dismiss" if tone == "bad" else False,
        classes="toast bad" if tone == "bad" else "toast",
        attrs={"role": "alert" if tone == "bad" else "status"},
    )
