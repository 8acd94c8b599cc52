"""A person the shop knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from beanie import Document, Insert, Replace, Save, SaveChanges, before_event
from pydantic import BeforeValidator, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from models.values import GIVEN, Moment, Money, fold, now

TEXT_FIELDS = (
    "first_name",
    "last_name",
    "name",
    "email",
    "phone",
    "city",
    "region",
    "postal_code",
    "country",
    "gender",
    "source",
)
"""Text that segments and search compare without regard to case; each has a folded shadow under `folded`."""


def _calendar_day(value: object) -> object:
    return value.date() if isinstance(value, datetime) else value


LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

Day = Annotated[date, BeforeValidator(_calendar_day)]
"""A calendar day without a zone; midnight UTC in MongoDB."""


_FIGURES = [("total_spent", ASCENDING), ("last_order_at", ASCENDING), ("order_count", ASCENDING), ("email_opt_in", 1)]
"""What segments ask for most beside a place; within an index, so that they are counted without reading customers."""

_ALONE = (
    *("folded.first_name", "folded.last_name", "folded.phone", "folded.region", "folded.postal_code"),
    *("folded.gender", "folded.source", "folded.attributes", "attributes"),
)
"""Fields with an entry of their own each in one wildcard index: text that has no other, and custom attributes."""


class Customer(Document):
    """One customer. Rollups cover paid and completed orders only and are written by `app.orders.rollups` alone."""

    external_id: str | None = None
    first_name: str = ""
    last_name: str = ""
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    gender: str | None = None
    birthday: Day | None = None
    source: str | None = None
    email_opt_in: bool = False
    sms_opt_in: bool = False
    tags: list[str] = Field(default_factory=list)
    attributes: dict[str, Any] = Field(default_factory=dict)
    signed_up_at: Moment = Field(default_factory=now)
    created_at: Moment = Field(default_factory=now)
    updated_at: Moment = Field(default_factory=now)
    erased_at: Moment | None = None

    order_count: int = 0
    total_spent: Money = Decimal(0)
    average_order_value: Money | None = None
    first_order_at: Moment | None = None
    last_order_at: Moment | None = None
    rollup_version: int = 0

    name: str = ""
    folded: dict[str, Any] = Field(default_factory=dict)
    search: list[str] = Field(default_factory=list)

    class Settings:
        name = "customers"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel("external_id", unique=True, partialFilterExpression={"external_id": GIVEN}),
            IndexModel("folded.email", unique=True, partialFilterExpression={"folded.email": GIVEN}),
            IndexModel("search"),
            IndexModel([("folded.name", ASCENDING), ("_id", ASCENDING)]),
            IndexModel([("folded.city", ASCENDING), ("folded.country", ASCENDING), *_FIGURES]),
            IndexModel([("folded.country", ASCENDING), *_FIGURES]),
            IndexModel([("$**", ASCENDING)], name="one_field", wildcardProjection=dict.fromkeys(_ALONE, 1)),
            IndexModel("tags_folded"),
            IndexModel(
                [
                    ("total_spent", DESCENDING),
                    ("last_order_at", ASCENDING),
                    ("order_count", ASCENDING),
                    ("_id", ASCENDING),
                ]
            ),
            IndexModel([("order_count", DESCENDING), ("_id", ASCENDING)]),
            IndexModel([("last_order_at", DESCENDING), ("_id", ASCENDING)]),
            IndexModel("first_order_at"),
            IndexModel([("signed_up_at", DESCENDING), ("_id", ASCENDING)]),
            IndexModel("folded.birthday"),
            IndexModel("erased_at", partialFilterExpression={"erased_at": {"$gt": LONG_AGO}}),
        ]

    tags_folded: list[str] = Field(default_factory=list)

    @before_event(Insert, Replace, Save, SaveChanges)
    def refresh_shadows(self) -> None:
        """Keep what is derived from other fields true: full name, folded text, search terms, time of change."""
        self.updated_at = now()
        for key, value in shadows_of(self.model_dump(exclude={"folded", "search", "tags_folded", "name"})).items():
            setattr(self, key, value)


def shadows_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What is derived from a customer's own fields: `name`, `folded`, `tags_folded`, `search`.

    `raw` has the document's field names. Every write of those fields, also one that bypasses the document, sets these.
    `folded` holds folded text by field, `attributes` likewise for text and lists of text, and `birthday` as
    month * 100 + day.
    """
    name = " ".join(
        part for part in (str(raw.get("first_name") or "").strip(), str(raw.get("last_name") or "").strip()) if part
    )
    text = {**raw, "name": name}
    folded: dict[str, Any] = {
        key: fold(text[key]) for key in TEXT_FIELDS if isinstance(text.get(key), str) and text[key]
    }
    attributes = {
        key: fold(value) if isinstance(value, str) else [fold(item) for item in value]
        for key, value in (raw.get("attributes") or {}).items()
        if isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))
    }
    if attributes:
        folded["attributes"] = attributes
    birthday = raw.get("birthday")
    if isinstance(birthday, date):
        folded["birthday"] = birthday.month * 100 + birthday.day
    return {
        "name": name,
        "folded": folded,
        "tags_folded": [fold(tag) for tag in raw.get("tags") or ()],
        "search": _search_terms(folded, raw.get("external_id")),
    }


def _search_terms(folded: Mapping[str, Any], external_id: str | None) -> list[str]:
    """Words a person types to find a customer; each is matched by its beginning, so an index serves it."""
    terms: dict[str, None] = dict.fromkeys(folded.get("name", "").split())
    email = folded.get("email", "")
    terms.update(dict.fromkeys(word for word in (email, *re.split(r"[.@+_-]+", email)[:4]) if word))
    digits = re.sub(r"\D", "", folded.get("phone", ""))
    if digits:
        terms[digits] = None
    if external_id:
        terms[fold(external_id)] = None
    return list(terms)
