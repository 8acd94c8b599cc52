"""What may be said of an order: the input of REST, forms and imports."""

from __future__ import annotations

from typing import Annotated, Any

from bson import ObjectId
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.inputs import Amount, Currency, Email, Identifier, PastMoment, check_precision, one_line
from app.settings import get_settings
from app.validation import wrong_field
from models.order import OrderStatus

MAX_ITEMS = 200
REFERENCES = ("customer_id", "customer_external_id", "customer_email")

Word = Annotated[Annotated[str, Field(max_length=100)] | None, BeforeValidator(one_line)]
Name = Annotated[str, BeforeValidator(lambda value: one_line(value) or ""), Field(max_length=200)]


def _status(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _id_text(value: object) -> object:
    return str(value) if isinstance(value, ObjectId) else value


Status = Annotated[OrderStatus, BeforeValidator(_status)]


class ItemInput(BaseModel):
    """One line of an order; `price` is for one piece."""

    model_config = ConfigDict(extra="forbid")

    product: Name = Field("", examples=["Trail shoe"])
    category: Name = Field("", examples=["Shoes"])
    quantity: int = Field(1, ge=0, le=1_000_000)
    price: Amount | None = None


class _Fields(BaseModel):
    """What an order and a change of one have in common."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[Identifier, Field(description="The shop's own number, unique", examples=["1001"])] = None
    status: Status = Field(OrderStatus.PAID, description="paid and completed orders count in the customer's rollups")
    items: list[ItemInput] = Field(default_factory=list, max_length=MAX_ITEMS)
    channel: Word = Field(None, examples=["web"])
    coupon: Word = Field(None, examples=["SPRING"])
    placed_at: PastMoment = Field(None, description="Now when left out; without a zone the shop's local time")

    def given(self) -> dict[str, Any]:
        """What the caller gave, by name; items as plain dicts. null for what an order cannot lack changes nothing."""
        found = {key: getattr(self, key) for key in self.model_fields_set}
        for key in ("amount", "currency", "placed_at"):
            if key in found and found[key] is None:
                del found[key]
        if "items" in found:
            found["items"] = [item.model_dump() for item in self.items]
        return found


class OrderInput(_Fields):
    """A new order, or a row of an upsert by number.

    `amount` is the total. An order in another currency than the shop's is kept and counted, but its amount is not added
    to the customer's total, which is in the shop's currency.
    """

    customer_id: Annotated[Annotated[str, Field(max_length=24)] | None, BeforeValidator(_id_text)] = Field(
        None, examples=["665f1c2e9b1d8a0012345678"]
    )
    customer_external_id: Identifier = None
    customer_email: Annotated[Email, Field(examples=["ann@example.com"])] = None
    amount: Amount
    currency: Annotated[Currency, Field(description="The shop's when left out")] = ""

    @model_validator(mode="after")
    def _complete(self) -> OrderInput:
        if sum(getattr(self, name) is not None for name in REFERENCES) != 1:
            raise wrong_field("customer_id", f"exactly one of {', '.join(REFERENCES)} is required")
        if not self.currency:
            self.__dict__["currency"] = get_settings().currency
        _fit(self, self.currency)
        return self


class OrderPatch(_Fields):
    """Changes to an order. The customer stays the same."""

    amount: Amount | None = None
    currency: Currency | None = None


def fit_currency(changed: dict[str, Any], currency: str) -> None:
    """Check a changed amount against the currency, in place. Raises ValueError."""
    if changed.get("amount") is not None:
        changed["amount"] = check_precision(changed["amount"], currency)


def _fit(order: OrderInput, currency: str) -> None:
    try:
        order.__dict__["amount"] = check_precision(order.amount, currency)
    except ValueError as problem:
        raise wrong_field("amount", str(problem)) from problem
