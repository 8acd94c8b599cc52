"""What a vendor's HTTP answer means for the message that was posted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from app.channels.base import Outcome, Result

WORDS = 500
REFERENCE_CHARACTERS = 200

_IDS = ("id", "message_id", "sid", "reference")
_SAYINGS = ("message", "error", "detail", "title", "description", "error_message", "reason")
_TRY_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


def outcome_of(status: int, headers: Mapping[str, str], text: str, *, server: str) -> Outcome:
    """The outcome for an answer with this status and body (RFC 9110 section 15).

    2xx is accepted, with the vendor's id as `reference`; 408, 429 and 5xx are temporary, 429 and a 503 with Retry-After
    ask to slow down; everything else is permanent. A redirect is not followed, because a POST may not come out as one
    and the vendor's token is meant for one address.
    """
    if 200 <= status < 300:
        return Outcome(result=Result.ACCEPTED, server=server, reference=reference_in(text))
    if 300 <= status < 400:
        place = printable(headers.get("location", ""))
        words = f"{status}: the vendor redirects{f' to {place}' if place else ''}; redirects are not followed"
        return Outcome(result=Result.PERMANENT, words=words[:WORDS], server=server)
    words = f"{status} {said_in(text) or _phrase(status)}"[:WORDS]
    if status in _TRY_LATER or status >= 500:
        asked = status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in headers
        slow_down = status == HTTPStatus.TOO_MANY_REQUESTS or asked
        return Outcome(result=Result.TEMPORARY, words=words, slow_down=slow_down, server=server)
    return Outcome(result=Result.PERMANENT, words=words, server=server)


def reference_in(text: str) -> str:
    """The vendor's id for the message in its JSON: at the top, or in the first object one level down."""
    found = _json(text)
    if not isinstance(found, dict):
        return ""
    nested = [value[0] if isinstance(value, list) and value else value for value in found.values()]
    for place in [found, *(value for value in nested if isinstance(value, dict))]:
        for key in _IDS:
            value = place.get(key)
            if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
                return printable(str(value))[:REFERENCE_CHARACTERS]
    return ""


def said_in(text: str) -> str:
    """What the vendor says in words: the sentence in its JSON where there is one, else the body, 500 characters."""
    return (_sentence(_json(text), 3) or printable(text))[:WORDS]


def printable(text: str) -> str:
    """The text on one line, without what cannot be shown."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: 8 * WORDS])
    return " ".join(shown.split())


def _sentence(value: Any, levels: int) -> str:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        value = value[0] if value else None
        return _sentence(value, levels - 1) if levels else ""
    if not isinstance(value, dict) or not levels:
        return ""
    candidates = (_sentence(value[key], levels - 1) for key in (*_SAYINGS, "errors") if key in value)
    return next((words for words in candidates if words), "")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "without a word"
