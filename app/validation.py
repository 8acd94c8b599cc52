"""What a wrong input is told: a path a person can follow, and a sentence that says what would be right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from app.errors import FieldError, InvalidInput

Details = Mapping[str, Any]
Model = TypeVar("Model", bound=BaseModel)

_PLACES = frozenset({"body", "query", "path", "form", "header"})

_TEXTS: dict[str, str | Callable[[Mapping[str, Any]], str]] = {
    "missing": "is required",
    "none_required": "should be left out or null",
    "json_invalid": lambda ctx: f"is not valid JSON: {ctx.get('error', 'unreadable')}",
    "model_attributes_type": "should be a JSON object, sent with Content-Type: application/json",
    "model_type": "should be an object",
    "dict_type": "should be an object",
    "list_type": "should be a list",
    "string_type": "should be text",
    "string_too_short": lambda ctx: (
        "should not be empty"
        if ctx.get("min_length") == 1
        else f"should have {ctx.get('min_length')} characters or more"
    ),
    "string_too_long": lambda ctx: f"should have {ctx.get('max_length')} characters at most",
    "too_short": lambda ctx: (
        "should not be empty" if ctx.get("min_length") == 1 else f"should have {ctx.get('min_length')} entries or more"
    ),
    "too_long": lambda ctx: f"should have {ctx.get('max_length')} entries at most",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_parsing_size": "is too large a number",
    "int_from_float": "should be a whole number, without a fraction",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
    "finite_number": "should be a finite number",
    "decimal_type": "should be a number, or text such as 12.50",
    "decimal_parsing": "should be a number with a point, such as 12.50",
    "decimal_max_digits": lambda ctx: f"should have {ctx.get('max_digits')} digits at most",
    "decimal_max_places": lambda ctx: f"should have {ctx.get('decimal_places')} digits after the point at most",
    "decimal_whole_digits": lambda ctx: f"should have {ctx.get('whole_digits')} digits before the point at most",
    "greater_than": lambda ctx: f"should be more than {ctx.get('gt')}",
    "greater_than_equal": lambda ctx: f"should be {ctx.get('ge')} or more",
    "less_than": lambda ctx: f"should be less than {ctx.get('lt')}",
    "less_than_equal": lambda ctx: f"should be {ctx.get('le')} at most",
    "literal_error": lambda ctx: f"should be one of {ctx.get('expected')}",
    "enum": lambda ctx: f"should be one of {ctx.get('expected')}",
    "date_type": "should be a date such as 2026-03-31",
    "date_parsing": "should be a date such as 2026-03-31",
    "date_from_datetime_parsing": "should be a date such as 2026-03-31",
    "date_from_datetime_inexact": "should be a date such as 2026-03-31, without a time",
    "datetime_type": "should be a time such as 2026-03-31T14:30:00Z",
    "datetime_parsing": "should be a time such as 2026-03-31T14:30:00Z",
    "datetime_from_date_parsing": "should be a time such as 2026-03-31T14:30:00Z",
    "datetime_object_invalid": "should be a time such as 2026-03-31T14:30:00Z",
    "timezone_aware": "should carry a zone, such as 2026-03-31T14:30:00Z",
    "extra_forbidden": "is not known here",
}
"""Our words for pydantic's error types (https://docs.pydantic.dev/latest/errors/validation_errors/)."""

_OF_TEXT = {"too_short": "string_too_short", "too_long": "string_too_long"}
"""What pydantic calls a length that it checks behind a validator of ours, and what that is when it is a text's."""


def field_path(location: Sequence[str | int]) -> str:
    """`("body", "items", 0, "price")` as `items[0].price`; the place is kept only when nothing else is there."""
    steps = list(location)
    if len(steps) > 1 and steps[0] in _PLACES:
        steps = steps[1:]
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if path else step
    return path or "body"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean city?` when one of `known` is close to `name`, else the empty string."""
    close = get_close_matches(name.lower(), {key.lower(): key for key in known}, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def message_of(error: Details) -> str:
    """The sentence for one pydantic error, without the field's name."""
    ctx: Mapping[str, Any] = error.get("ctx") or {}
    kind = str(error.get("type"))
    if kind in ("value_error", "assertion_error"):
        return str(error.get("msg", "")).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind in _OF_TEXT and isinstance(error.get("input"), str):
        kind = _OF_TEXT[kind]
    text = _TEXTS.get(kind)
    if text is None:
        message = str(error.get("msg", "is not right"))
        return message.removeprefix("Input ")[:300]
    return text if isinstance(text, str) else text(ctx)


def wrong_field(field: str, message: str) -> PydanticCustomError:
    """What a validator of a whole model raises to blame one of its fields."""
    return PydanticCustomError("wrong_field", "{message}", {"field": field, "message": message})


def field_errors(errors: Iterable[Details], known: Iterable[str] = ()) -> list[FieldError]:
    """Pydantic's errors in our words. `known` are the names of the fields, for did-you-mean."""
    known = tuple(known)
    found: dict[FieldError, None] = {}
    for error in errors:
        location = tuple(error.get("loc") or ())
        if error.get("type") == "json_invalid":
            location = location[:1]
        blamed = (error.get("ctx") or {}).get("field")
        if error.get("type") == "wrong_field" and isinstance(blamed, str):
            location = (*location, blamed)
        message = message_of(error)
        if error.get("type") == "extra_forbidden" and location:
            message += did_you_mean(str(location[-1]), known)
        found[FieldError(field_path(location)[:200], message)] = None
    return list(found)


def errors_of(problem: ValidationError, model: type[BaseModel]) -> list[FieldError]:
    """The errors of one model's validation, in our words."""
    return field_errors(problem.errors(include_url=False), names_of(model))


def names_of(model: type[BaseModel]) -> list[str]:
    """The names a caller may use for the fields of a model."""
    return list(model.model_fields)


def checked(model: type[Model], data: Mapping[str, Any] | Model) -> Model:
    """`data` as `model`. Raises InvalidInput naming every wrong field."""
    if isinstance(data, model):
        return data
    try:
        return model.model_validate(data)
    except ValidationError as problem:
        raise invalid_input(errors_of(problem, model)) from problem


def invalid_input(wrong: Sequence[FieldError]) -> InvalidInput:
    """One error for several wrong fields; the detail names the first and counts the rest."""
    first = wrong[0] if wrong else FieldError("body", "is not right")
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return InvalidInput(f"{first.field}: {first.message}{more}", errors=wrong or [first])
