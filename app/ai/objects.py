"""JSON objects in the text of a model that is still writing: whole ones, and what there is of the next."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from pydantic_core import from_json

MOST_TRIED = 4_000
"""Opening braces looked at; a text with more of them is no answer of ours."""

_decoder = json.JSONDecoder(strict=False)


def objects_in(text: str, keys: Collection[str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The whole objects that have one of `keys`, in order, and the unfinished one after them (empty if there is none).

    Whatever is around them does not matter: prose, code fences, a list or an object that holds them.
    """
    found: list[dict[str, Any]] = []
    at, rest = 0, 0
    for _ in range(MOST_TRIED):
        at = text.find("{", at)
        if at < 0:
            break
        try:
            value, end = _decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            at += 1
            continue
        mine = _wanted(value, keys)
        found += mine
        at = end
        rest = end if mine else rest
    return found, _unfinished(text[rest:], keys)


def _wanted(value: Any, keys: Collection[str]) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        if any(key in value for key in keys):
            return [value]
        return [one for item in value.values() for one in _wanted(item, keys)]
    return [one for item in value for one in _wanted(item, keys)] if isinstance(value, list) else []


def _unfinished(text: str, keys: Collection[str]) -> dict[str, Any]:
    at = text.find("{")
    while at >= 0:
        try:
            value = from_json(text[at:], allow_partial="trailing-strings")
        except ValueError:
            value = None
        mine = _wanted(value, keys)
        if mine:
            return mine[-1]
        at = text.find("{", at + 1)
    return {}
