"""How a vendor wants a text message as JSON: an object of the operator's with places to fill in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.validation import did_you_mean

PLACES: Mapping[str, str] = {
    "to": "the number, such as +49301234567",
    "from": "the name of the shop",
    "text": "the message",
    "id": "the delivery's id, the same at every try",
}
"""What `{{ ... }}` may name."""

NEEDED = ("to", "text")
DEFAULT = '{"to": "{{ to }}", "from": "{{ from }}", "text": "{{ text }}", "reference": "{{ id }}"}'

_PLACE = re.compile(r"\{\{\s*(.*?)\s*\}\}")


class JsonMapping:
    """A JSON object whose texts hold places such as `{{ to }}`. What is filled in can never leave its text."""

    def __init__(self, source: str) -> None:
        """Raises ValueError with one sentence about what is wrong."""
        try:
            self._body = json.loads(source)
        except (ValueError, RecursionError) as problem:
            raise ValueError(f"should be a JSON object such as {DEFAULT} ({problem})") from problem
        if not isinstance(self._body, dict):
            raise ValueError(f"should be a JSON object such as {DEFAULT}")
        used = {name for text in _texts(self._body) for name in _PLACE.findall(text)}
        for name in sorted(used - PLACES.keys()):
            known = ", ".join(f"{{{{ {place} }}}}" for place in PLACES)
            raise ValueError(f"holds {{{{ {name} }}}}, but there are only {known}{did_you_mean(name, PLACES)}")
        for name in NEEDED:
            if name not in used:
                raise ValueError(f"should hold {{{{ {name} }}}}, {PLACES[name]}")

    def fill(self, values: Mapping[str, str]) -> bytes:
        """The JSON for these values, in ASCII."""
        return json.dumps(_filled(self._body, values), separators=(",", ":"), allow_nan=False).encode("ascii")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACE.sub(lambda found: values[found[1]], value)
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    return [_filled(item, values) for item in value] if isinstance(value, list) else value
