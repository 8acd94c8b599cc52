"""`/api/customers`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from app.api.deliveries import DeliveryOut
from app.api.ids import Id
from app.api.orders import OrderOut
from app.api.routes import CONFLICT, NOT_FOUND, PROBLEMS, MemberRoute, may
from app.api.shapes import BulkAnswer, Cursor, Limit, MoneyText, Page, Search, Shape, bulk_answer, rows_of
from app.customers import service
from app.customers.fields import CustomerInput, CustomerPatch
from app.customers.listing import DEFAULT_SORT
from app.customers.personal_data import erase_customer, export_customer
from app.customers.timeline import timeline
from models.customer import Customer
from models.member import Member

router = APIRouter(prefix="/api/customers", tags=["customers"], route_class=MemberRoute, responses=PROBLEMS)

Reader = Annotated[Member, may("customers.read")]
Writer = Annotated[Member, may("customers.write")]
Deleter = Annotated[Member, may("customers.delete")]
Exporter = Annotated[Member, may("customers.export")]


class CustomerOut(Shape):
    """A customer. The order figures cover paid and completed orders; the sums those in the shop's currency."""

    id: Id
    external_id: str | None = Field(examples=["C-1001"])
    name: str = Field(examples=["Ann Lee"])
    first_name: str = Field(examples=["Ann"])
    last_name: str = Field(examples=["Lee"])
    email: str | None = Field(examples=["ann@example.com"])
    phone: str | None = Field(examples=["+49301234567"])
    street: str | None = Field(examples=["12 Hill Road"])
    city: str | None = Field(examples=["Pune"])
    region: str | None = Field(examples=["Maharashtra"])
    postal_code: str | None = Field(examples=["411001"])
    country: str | None = Field(examples=["IN"])
    gender: str | None = Field(examples=["female"])
    birthday: date | None = Field(examples=["1990-03-31"])
    source: str | None = Field(examples=["instagram"])
    email_opt_in: bool
    sms_opt_in: bool
    tags: list[str] = Field(examples=[["vip"]])
    attributes: dict[str, Any] = Field(examples=[{"shoe_size": 42}])
    signed_up_at: datetime
    order_count: int = Field(examples=[3])
    total_spent: MoneyText
    average_order_value: MoneyText | None
    first_order_at: datetime | None
    last_order_at: datetime | None
    created_at: datetime
    updated_at: datetime


class CustomerPage(Page):
    """Customers."""

    items: list[CustomerOut]


class TimelineEvent(Shape):
    """One thing that happened: the order or the message it is about is beside it."""

    at: datetime
    kind: Literal["order", "delivery", "signed_up"]
    order: OrderOut | None = None
    delivery: DeliveryOut | None = None


class Timeline(Page):
    """What happened with a customer, newest first."""

    items: list[TimelineEvent]


def customer_out(customer: Customer) -> CustomerOut:
    """The answer for a customer."""
    return CustomerOut.model_validate(customer)


@router.get("", response_model=CustomerPage, summary="List and search customers")
async def list_customers(
    member: Reader,
    search: Search = "",
    sort: Annotated[
        str,
        Query(description="signed_up_at, name, total_spent, order_count or last_order_at; - in front for the reverse"),
    ] = DEFAULT_SORT,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CustomerPage:
    """Every word of `search` begins a word of the name or email, the phone number or the shop's id."""
    found, following = await service.list_customers(member, search=search, sort=sort, limit=limit, cursor=cursor)
    return CustomerPage(items=[customer_out(customer) for customer in found], next_cursor=following)


@router.post("", response_model=CustomerOut, status_code=201, responses=CONFLICT, summary="Create a customer")
async def create_customer(member: Writer, body: CustomerInput) -> CustomerOut:
    """One of email, phone, external_id or a name is needed. 409 names the field that another customer has."""
    return customer_out(await service.create_customer(member, body))


@router.post(
    "/bulk",
    response_model=BulkAnswer,
    openapi_extra=rows_of(CustomerInput),
    summary="Create or update up to 1,000 customers",
)
async def bulk_upsert(member: Writer, body: Annotated[list[Any], Body(max_length=1_000)]) -> BulkAnswer:
    """By external_id, else by email. Only the fields that a row carries are changed; the good rows are written."""
    return bulk_answer(await service.bulk_upsert(member, body))


@router.get("/{id}", response_model=CustomerOut, responses=NOT_FOUND, summary="Get a customer")
async def get_customer(member: Reader, id: str) -> CustomerOut:
    """One customer with the order figures."""
    return customer_out(await service.get_customer(member, id))


@router.patch("/{id}", response_model=CustomerOut, responses={**NOT_FOUND, **CONFLICT}, summary="Change a customer")
async def update_customer(member: Writer, id: str, body: CustomerPatch) -> CustomerOut:
    """What is left out stays; null or empty text clears. Attributes are merged, tags replaced."""
    return customer_out(await service.update_customer(member, id, body))


@router.delete("/{id}", status_code=204, response_class=Response, responses=NOT_FOUND, summary="Delete a customer")
async def delete_customer(member: Deleter, id: str) -> Response:
    """Removes the orders too. Messages stay in their campaigns' counts, without address and name."""
    await service.delete_customer(member, id)
    return Response(status_code=204)


@router.get("/{id}/timeline", response_model=Timeline, responses=NOT_FOUND, summary="What happened with a customer")
async def get_timeline(member: Reader, id: str, limit: Limit = 50, cursor: Cursor = None) -> Timeline:
    """Sign-up, orders and messages, newest first."""
    events, following = await timeline(member, id, limit=limit, cursor=cursor)
    items = [
        TimelineEvent(
            at=event.at,
            kind=event.kind,
            order=OrderOut.of(event.data) if event.kind == "order" else None,
            delivery=DeliveryOut.of(event.data) if event.kind == "delivery" else None,
        )
        for event in events
    ]
    return Timeline(items=items, next_cursor=following)


@router.get(
    "/{id}/export",
    response_class=JSONResponse,
    responses={**NOT_FOUND, 200: {"description": "A JSON file: customer, orders, deliveries, messages, suppressions"}},
    summary="Everything that is known of a person",
)
async def export(member: Exporter, id: str) -> JSONResponse:
    """For the person's right to their data; an attachment."""
    found = await export_customer(member, id)
    name = f"customer-{found['customer']['id']}.json"
    return JSONResponse(found, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.post("/{id}/erase", response_model=CustomerOut, responses=NOT_FOUND, summary="Erase a person")
async def erase(member: Deleter, id: str) -> CustomerOut:
    """Personal data goes, orders stay without a person, and the addresses are suppressed. There is no way back."""
    return customer_out(await erase_customer(member, id))
