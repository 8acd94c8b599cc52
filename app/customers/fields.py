"""What may be said of a customer: the input of REST, forms and imports."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.inputs import Email, Identifier, PastDay, PastMoment, PhoneText, check_characters, e164, one_line
from app.validation import wrong_field
from models.values import fold

MAX_ATTRIBUTES = 100
MAX_ATTRIBUTE_CHARACTERS = 2_000
MAX_TAGS = 100
MAX_TAG_CHARACTERS = 64

_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
_INT64 = range(-(2**63), 2**63)

IDENTITY = ("external_id", "email", "phone", "first_name", "last_name")
"""At least one of these is needed: what nobody can tell apart is no customer."""

Attribute = bool | int | float | str | list[str] | None


def _tags(value: object) -> object:
    """Each tag once, without regard to case, as first written."""
    if not isinstance(value, list | tuple):
        return value
    found: dict[str, str] = {}
    for tag in value:
        line = one_line(tag)
        if line is None:
            continue
        if not isinstance(line, str):
            raise ValueError("should be a list of words")
        if len(line) > MAX_TAG_CHARACTERS:
            raise ValueError(f"should be words of {MAX_TAG_CHARACTERS} characters at most")
        found.setdefault(fold(line), line)
    return list(found.values())


def _attributes(value: object) -> object:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError('should be an object such as {"shoe_size": 42}')
    if len(value) > MAX_ATTRIBUTES:
        raise ValueError(f"should have {MAX_ATTRIBUTES} entries at most")
    return {_attribute_key(key): _attribute(str(key), item) for key, item in value.items()}


def _attribute_key(key: object) -> str:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        shown = str(key)[:40]
        raise ValueError(f"{shown!r} is no name for an attribute: small letters, digits and _, beginning with a letter")
    return key


def _attribute(key: str, value: Any) -> Any:
    """One value: text, a number, true or false, or a list of texts; a date is text such as 2026-03-31."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if value not in _INT64:
            raise ValueError(f"{key} should be a number within 64 bits")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{key} should be a finite number")
        return value
    if isinstance(value, str):
        return _attribute_text(key, value)
    if isinstance(value, list) and len(value) <= MAX_TAGS and all(isinstance(item, str) for item in value):
        return [_attribute_text(key, item) for item in value]
    raise ValueError(f"{key} should be text, a number, true or false, a date such as 2026-03-31, or a list of texts")


def _attribute_text(key: str, text: str) -> str:
    if len(text) > MAX_ATTRIBUTE_CHARACTERS:
        raise ValueError(f"{key} should have {MAX_ATTRIBUTE_CHARACTERS} characters at most")
    try:
        return check_characters(text).strip()
    except ValueError as problem:
        raise ValueError(f"{key} {problem}") from problem


def _country(value: str | None) -> str | None:
    return value.upper() if value and len(value) == 2 and value.isascii() else value


Line20 = Annotated[Annotated[str, Field(max_length=20)] | None, BeforeValidator(one_line)]
Line100 = Annotated[Annotated[str, Field(max_length=100)] | None, BeforeValidator(one_line)]
Line200 = Annotated[Annotated[str, Field(max_length=200)] | None, BeforeValidator(one_line)]
Tags = Annotated[list[str], BeforeValidator(_tags), Field(max_length=MAX_TAGS, examples=[["vip", "newsletter"]])]
Attributes = Annotated[
    dict[str, Attribute],
    BeforeValidator(_attributes),
    Field(examples=[{"shoe_size": 42, "loyalty_level": "gold", "member_since": "2024-05-01"}]),
]
OptIn = Annotated[bool, Field(description="Consent to be contacted on this channel")]


class _Fields(BaseModel):
    """Everything optional; only what is given is changed. Empty text means none."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    external_id: Annotated[Identifier, Field(description="The shop's own id, unique")] = None
    first_name: Line100 = Field(None, examples=["Ann"])
    last_name: Line100 = Field(None, examples=["Lee"])
    name: Line200 = Field(None, description="Split into first and last name when those are absent")
    email: Annotated[Email, Field(description="Unique without regard to case")] = None
    phone: Annotated[PhoneText, Field(description="Kept as E.164; without + it is read as of `country`")] = None
    street: Line200 = Field(None, examples=["12 Hill Road"])
    city: Line100 = Field(None, examples=["Pune"])
    region: Line100 = Field(None, examples=["Maharashtra"])
    postal_code: Line20 = Field(None, examples=["411001"])
    country: Annotated[Line100, AfterValidator(_country)] = Field(None, examples=["IN"])
    gender: Line100 = Field(None, examples=["female"])
    birthday: PastDay = None
    source: Line100 = Field(None, examples=["instagram"])
    email_opt_in: OptIn = Field(False, validation_alias=AliasChoices("email_opt_in", "accepts_marketing"))
    sms_opt_in: OptIn = False
    tags: Tags = Field(default_factory=list)
    attributes: Attributes = Field(default_factory=dict)
    signed_up_at: PastMoment = None

    def given(self) -> dict[str, Any]:
        """What the caller gave, by document field; `name` split, as it is derived in the document."""
        found = {key: getattr(self, key) for key in self.model_fields_set}
        name = found.pop("name", None)
        if name and not found.get("first_name") and not found.get("last_name"):
            found["first_name"], _, found["last_name"] = name.partition(" ")
        for key in ("first_name", "last_name"):
            if key in found:
                found[key] = found[key] or ""
        if "signed_up_at" in found and found["signed_up_at"] is None:
            del found["signed_up_at"]
        return found


class CustomerInput(_Fields):
    """A new customer, or a row of an upsert. One of email, phone, external_id or a name is needed."""

    @model_validator(mode="after")
    def _complete(self) -> CustomerInput:
        if not any(getattr(self, key) for key in (*IDENTITY, "name")):
            raise wrong_field("email", "one of email, phone, external_id or a name is required")
        return self


class CustomerPatch(_Fields):
    """Changes to a customer. Attributes are merged, null removes one (RFC 7396); tags are replaced."""


def resolved_phone(raw: dict[str, Any], changed: dict[str, Any]) -> None:
    """Bring a changed phone into E.164 form, in place, with the customer's country as the hint. Raises ValueError."""
    phone = changed.get("phone")
    if phone:
        changed["phone"] = e164(phone, changed.get("country") or raw.get("country"))
