"""Segments as files: written for another shop or tool, and read from one.

The rule is react-querybuilder's JSON, which other tools read as it is. Segments and campaigns are referred to by ids,
which mean nothing elsewhere, so the file names them, and a reader finds its own by name or says what is missing.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.auth.permissions import require
from app.errors import FieldError, InvalidInput, RuleError
from app.segments.catalogue import forget_catalogue, load_catalogue
from app.segments.catalogue.fields import Catalogue, FieldType
from app.segments.contact import require_no_contact, saved_shown
from app.segments.rule.canonical import rule_json
from app.segments.rule.nodes import Condition, Group, OrdersCondition, leaves
from app.segments.rule.parse import parse_rule
from app.segments.saved import get_segment
from app.segments.saved.checks import checked_name, require_no_circle
from app.segments.saved.foreign import Translation, translate
from app.segments.sentence import sentence
from app.segments.service import create_segment
from models.member import Member
from models.segment import RuleSource, Segment
from models.values import fold

FORMAT = "cohort.segment"
VERSION = 1
LARGEST = 1_000_000
"""Characters of a file; the largest rule possible has about a tenth of them."""

KEYS = ("format", "version", "name", "description", "rule", "sentence", "currency", "references")
REFERRED = {"segment": "segments", "campaign": "campaigns"}


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """A file as it was understood; nothing is saved yet. `notes` are sentences on what was left out or may differ."""

    name: str
    description: str
    rule: dict[str, Any]
    sentence: str
    notes: tuple[str, ...]


async def export_segment(member: Member, segment_id: object) -> dict[str, Any]:
    """The segment as a JSON object to be kept as a file. Raises PermissionDenied and NotFound."""
    segment = await saved_shown(member, await get_segment(member, segment_id))
    catalogue = await load_catalogue()
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": segment.name,
        "description": segment.description,
        "rule": segment.rule,
        "sentence": segment.sentence,
        "currency": catalogue.currency,
        "references": _references(segment.rule, catalogue),
    }


def file_name(name: str) -> str:
    """A file name that every system takes, after the segment's name."""
    letters = unicodedata.normalize("NFKD", fold(name)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:60] or "segment"


async def read_segment(member: Member, raw: object, *, name: str = "") -> Incoming:
    """Understand a file: one of ours, a bare react-querybuilder query, or either as text. `name` replaces the file's.

    Raises PermissionDenied, InvalidInput for what is no such file, and RuleError with the places in the file's rule
    (`rules[2].value`) of everything that has no equal here.
    """
    require(member, "segments.write")
    body = _body(raw)
    # A segment or campaign that another process made a moment ago has to be found by its name.
    forget_catalogue()
    catalogue = await load_catalogue()
    found = translate(body.get("rule"), catalogue)
    _resolve(found, body.get("references"), catalogue)
    if found.errors:
        raise _refused(found.errors)
    try:
        rule = parse_rule(found.rule, catalogue)
    except RuleError as problem:
        raise _refused([FieldError(found.place(error.field), error.message) for error in problem.errors]) from problem
    require_no_contact(member, rule)
    await require_no_circle(rule, catalogue, None)
    title = name or body.get("name") or ""
    return Incoming(
        name=checked_name(title) if title else "",
        description=_text("description", body.get("description")),
        rule=rule_json(rule),
        sentence=sentence(rule, catalogue, locale=member.locale),
        notes=tuple(_notes(found, rule, body.get("currency"), catalogue)),
    )


async def import_segment(member: Member, raw: object, *, name: str = "") -> tuple[Segment, tuple[str, ...]]:
    """Save a new segment from a file; also the notes on it. Raises what `read_segment` and `create_segment` raise."""
    found = await read_segment(member, raw, name=name)
    if not found.name:
        raise InvalidInput.of("name", "is missing; the file has none, so give the segment one")
    segment = await create_segment(
        member, name=found.name, rule=found.rule, description=found.description, source=RuleSource.IMPORT
    )
    return segment, found.notes


def _body(raw: object) -> dict[str, Any]:
    body = _json("file", raw) if isinstance(raw, str) else raw
    if isinstance(body, dict) and "rule" not in body and ("rules" in body or "field" in body):
        body = {"rule": body}
    if not isinstance(body, dict) or "rule" not in body:
        raise InvalidInput.of("rule", "is missing; a file has a name and a rule, or is a rule itself")
    for key in body:
        if key not in KEYS:
            raise InvalidInput.of(str(key)[:40], f"is not part of such a file; it has {', '.join(KEYS)}")
    if body.get("format", FORMAT) != FORMAT or body.get("version", VERSION) != VERSION:
        raise InvalidInput.of("format", f'should be "{FORMAT}" with version {VERSION}, or be left out')
    rule = body["rule"]
    return {**body, "rule": _json("rule", rule) if isinstance(rule, str) else rule}


def _json(field: str, text: str) -> Any:
    if len(text) > LARGEST:
        raise InvalidInput.of(field, f"has {len(text):,} characters; at most {LARGEST:,} are possible")
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError as problem:
        raise InvalidInput.of(field, "is nested too deep") from problem
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise InvalidInput.of(field, f"is not JSON: {problem.msg.lower()} at {where}") from problem
    except ValueError as problem:
        raise InvalidInput.of(field, f"is not JSON: {problem}") from problem


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _text(field: str, raw: object) -> str:
    if raw is None or isinstance(raw, str):
        return raw or ""
    raise InvalidInput.of(field, "should be text")


def _references(raw: Any, catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """The names of the segments and campaigns that a stored rule mentions, by id."""
    named = {"segment": catalogue.segments, "campaign": catalogue.campaigns}
    found: dict[str, dict[str, str]] = {"segments": {}, "campaigns": {}}
    for kind, key in _mentioned(raw):
        if key in named[kind]:
            found[REFERRED[kind]][key] = named[kind][key]
    return found


def _mentioned(raw: Any) -> list[tuple[str, str]]:
    if not isinstance(raw, dict):
        return []
    if raw.get("field") in REFERRED and isinstance(raw.get("value"), str):
        return [(raw["field"], raw["value"])]
    rules = raw.get("rules")
    return [pair for rule in rules for pair in _mentioned(rule)] if isinstance(rules, list) else []


def _resolve(found: Translation, references: object, catalogue: Catalogue) -> None:
    """Replace the ids of another shop by those of ours that have the name, or note what is missing."""
    names: Mapping[str, Any] = references if isinstance(references, dict) else {}
    mine = {"segment": catalogue.segments, "campaign": catalogue.campaigns}

    def visit(node: Any, path: str) -> None:
        if not isinstance(node, dict):
            return
        kind, key = node.get("field"), node.get("value")
        if isinstance(kind, str) and kind in REFERRED and isinstance(key, str) and key != "any":
            given = names.get(REFERRED[kind])
            name = given.get(key) if isinstance(given, dict) else None
            if key not in mine[kind] and isinstance(name, str):
                ours = [own for own, called in mine[kind].items() if fold(called) == fold(name)]
                if len(ours) == 1:
                    node["value"] = ours[0]
                else:
                    several = "has several of that name" if ours else "does not have; import or create it first"
                    what = f'refers to the {kind} "{name[:120]}", which this shop {several}'
                    found.errors.append(FieldError(found.place(f"{path}.value".removeprefix(".")), what))
            return
        rules = node.get("rules")
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            visit(rule, f"{path}.rules[{index}]".removeprefix("."))

    visit(found.rule, "")


def _notes(found: Translation, rule: Group, currency: object, catalogue: Catalogue) -> list[str]:
    notes = []
    if found.left_out:
        count = len(found.left_out)
        what = "condition or group was" if count == 1 else "conditions or groups were"
        notes.append(f"{count} muted {what} left out ({', '.join(found.left_out[:5])}).")
    if isinstance(currency, str) and currency != catalogue.currency and _speaks_of_money(rule, catalogue):
        notes.append(f"The amounts were meant in {currency[:10]}; this shop counts in {catalogue.currency}.")
    return notes


def _speaks_of_money(rule: Group, catalogue: Catalogue) -> bool:
    for leaf in leaves(rule):
        if isinstance(leaf, OrdersCondition) and (leaf.measure != "count" or leaf.where is not None):
            return True
        if isinstance(leaf, Condition) and catalogue.fields[leaf.field].type is FieldType.MONEY:
            return True
    return False


def _refused(errors: list[FieldError]) -> RuleError:
    first = errors[0]
    return RuleError(f"{first.field}: {first.message}" if first.field else first.message, errors=errors[:10])
