"""What can be wrong with a model's answer, in words the model can act on."""

from __future__ import annotations

from typing import Literal, TypeAlias

from app.errors import RuleError

FaultCode: TypeAlias = Literal[
    "json", "schema", "unknown_field", "bad_value", "relative_date_expected", "number_not_in_prompt", "depth"
]


class Fault(Exception):
    """One thing wrong with an answer: a stable code, and a message with a path that says what would be right."""

    def __init__(self, code: FaultCode, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code: FaultCode = code
        self.message = message


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
