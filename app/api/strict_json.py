"""JSON as RFC 8259 and I-JSON (RFC 7493) mean it: what could be read in two ways, or cannot be stored, is refused."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from app.errors import InvalidInput
from app.validation import field_path

MAX_DEPTH = 32
"""Levels of nesting: a rule of depth 5 takes about 20."""

INT64 = range(-(2**63), 2**63)
_MAX_NUMBER_CHARACTERS = 40


def read_json(body: bytes) -> Any:
    """The value of a JSON text. Raises InvalidInput for anything that is not plain, unambiguous, storable JSON.

    Refused: other encodings than UTF-8, NaN and Infinity, duplicate names, whole numbers beyond 64 bits, numbers beyond
    a double, NUL characters, lone surrogates, more than 32 levels.
    """
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            parse_constant=_no_constant,
            parse_int=_whole,
            parse_float=_fraction,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError as problem:
        raise InvalidInput.of("body", f"should be UTF-8; byte {problem.start} is not") from problem
    except json.JSONDecodeError as problem:
        raise InvalidInput.of(
            "body", f"is not valid JSON: {problem.msg} (line {problem.lineno}, column {problem.colno})"
        ) from problem
    except RecursionError as problem:
        raise _too_deep() from problem
    _check(value)
    return value


def _check(value: Any) -> None:
    """Look at every value once, without recursion."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(value, ())]
    while waiting:
        item, path = waiting.pop()
        if isinstance(item, str):
            _check_text(item, path)
        elif isinstance(item, dict | list):
            if len(path) >= MAX_DEPTH:
                raise _too_deep()
            pairs: Any = item.items() if isinstance(item, dict) else enumerate(item)
            for key, child in pairs:
                if isinstance(key, str):
                    _check_text(key, path)
                if isinstance(child, str | dict | list):
                    waiting.append((child, (*path, key)))


def _check_text(text: str, path: tuple[str | int, ...]) -> None:
    if text.isascii():
        if "\0" in text:
            raise InvalidInput.of(_place(path), "should not hold a NUL character")
        return
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as problem:
        raise InvalidInput.of(_place(path), "holds half of a surrogate pair, which is not a character") from problem
    if "\0" in text:
        raise InvalidInput.of(_place(path), "should not hold a NUL character")


def _place(path: tuple[str | int, ...]) -> str:
    return field_path(path)[:200].encode("utf-8", "replace").decode("utf-8")


def _no_constant(name: str) -> NoReturn:
    raise InvalidInput.of("body", f"holds {name}, which is not JSON")


def _whole(digits: str) -> int:
    if len(digits) > _MAX_NUMBER_CHARACTERS or int(digits) not in INT64:
        raise InvalidInput.of("body", f"holds the whole number {digits[:20]}…, which is beyond 64 bits")
    return int(digits)


def _fraction(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise InvalidInput.of("body", f"holds the number {digits[:20]}, which is too large")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise InvalidInput.of(_place((name,)), "is given twice")
            seen.add(name)
    return found


def _too_deep() -> InvalidInput:
    return InvalidInput.of("body", f"is nested deeper than {MAX_DEPTH} levels")
