"""Messages that are no mail: a text message as a telephone shows it, and what a webhook is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app.campaigns.message.sms_parts import sms_parts
from pages.components.card import card
from pages.components.figures import plural
from pages.components.text import box, text


def text_message_card(words: str, to: str = "") -> None:
    """The text in a bubble, with how many messages a vendor makes of it."""
    parts = sms_parts(words)
    made = f"{plural(parts.parts, 'text message')}, {parts.units} of {parts.encoding}"
    with card("Text message", note=f"To {to}" if to else None) as beside:
        with beside:
            text(made, "muted t12 num")
        with box("sms-stage"):
            text(words, "sms-bubble")


def webhook_card(told: Mapping[str, Any]) -> None:
    """What the webhook is told, as JSON."""
    with card("Told to the webhook", note="As JSON, signed"):
        text(json.dumps(told, indent=2, ensure_ascii=False, default=str), "mono webhook-json", tag="pre")
