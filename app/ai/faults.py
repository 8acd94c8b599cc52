"""What can be wrong with a model's answer, in words the model can act on."""

from __future__ import annotations

from typing import Literal, TypeAlias

from app.ai.suggestion import Suggestion
from app.errors import RuleError

FaultCode: TypeAlias = Literal[
    "json",
    "schema",
    "unknown_field",
    "bad_value",
    "relative_date_expected",
    "number_not_in_prompt",
    "depth",
    "direction",
    "negation",
    "joined",
    "everyone",
    "left_out",
    "vague",
    "disagrees",
]

PLAINLY: dict[FaultCode, str] = {
    "json": "it was no complete JSON",
    "schema": "it did not have the agreed form",
    "unknown_field": "it used a field that does not exist",
    "bad_value": "it used a value that does not exist",
    "relative_date_expected": "it turned a relative time into a fixed day",
    "number_not_in_prompt": "it used a number that you did not say",
    "depth": "it was nested too deep",
    "direction": "it turned over into under, or before into after",
    "negation": "it turned in into not in",
    "joined": "it turned and into or",
    "everyone": "it selected everyone",
}
"""The faults that end in an error when they stay, as a person is told of them."""


class Fault(Exception):
    """One thing wrong with an answer: a stable code, and a message with a path that says what would be right.

    `otherwise` is what to answer if it stays that way: honest about what is missing. None where nothing of the answer
    can be used.
    """

    def __init__(self, code: FaultCode, message: str, *, otherwise: Suggestion | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code: FaultCode = code
        self.message = message
        self.otherwise = otherwise


def fault_of(error: RuleError) -> Fault:
    """A refused rule as a fault; all of its errors are in the message."""
    paths = [item.field for item in error.errors] or [""]
    first = error.errors[0].message if error.errors else error.detail
    message = "; ".join(f"{item.field}: {item.message}" for item in error.errors) or error.detail
    if "nested too deep" in error.detail or any("nested too deep" in item.message for item in error.errors):
        return Fault("depth", message)
    if paths[0].endswith(".field") or paths[0] == "field" or "unknown field" in first.lower():
        return Fault("unknown_field", message)
    if ".value" in paths[0] or paths[0].startswith("value"):
        return Fault("bad_value", message)
    return Fault("schema", message)
