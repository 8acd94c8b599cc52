"""How many text messages a text makes: the GSM alphabet or UCS-2, and what a concatenated message holds of either.

Sources: 3GPP TS 23.038 section 6.2.1 (the default alphabet and its extension table), TS 23.040 section 9.2.3.24.1 (the
header of a concatenated message takes 6 of its 140 octets).
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"
"""Each takes two septets: an escape and itself."""

_GSM = re.compile(f"[{re.escape(_BASIC + _EXTENDED)}]*")
_TWICE = re.compile(f"[{re.escape(_EXTENDED)}]")
_LIMITS = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


class SmsParts(NamedTuple):
    """`units` are septets of GSM-7 or 16-bit units of UCS-2; `parts` is how many messages a vendor sends and bills."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    parts: int


def sms_parts(text: str) -> SmsParts:
    """How this text is sent. One message holds 160 septets or 70 units, one of several 153 or 67.

    Two units that belong together (an escaped letter, a surrogate pair) never come in two messages.
    """
    if _GSM.fullmatch(text):
        units = len(text) + len(_TWICE.findall(text))
        return SmsParts("GSM-7", units, _parts(text, units, "GSM-7"))
    units = len(text) + sum(letter > "\uffff" for letter in text)
    return SmsParts("UCS-2", units, _parts(text, units, "UCS-2"))


def _parts(text: str, units: int, encoding: str) -> int:
    alone, together = _LIMITS[encoding]
    if units <= alone:
        return 1 if text else 0
    if units == len(text):
        return -(-units // together)
    parts, room = 1, together
    for letter in text:
        width = 2 if (letter > "\uffff" if encoding == "UCS-2" else letter in _EXTENDED) else 1
        if width > room:
            parts, room = parts + 1, together
        room -= width
    return parts
