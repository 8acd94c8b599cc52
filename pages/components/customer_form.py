"""The sheet in which a customer is added or edited, bound to a draft of the document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui.elements.mixins.validation_element import ValidationElement

from app.customers.service import create_customer, update_customer
from app.errors import CohortError, FieldError, InvalidInput
from models.customer import Customer
from models.member import Member
from pages.components.button import button
from pages.components.field import chips_field, date_field, show_errors, switch_field, text_field
from pages.components.sheet import Sheet
from pages.components.text import box, text
from pages.components.toast import toast

TEXTS = (
    ("first_name", "First name", False),
    ("last_name", "Last name", False),
    ("email", "Email", True),
    ("phone", "Phone", True),
    ("street", "Street", True),
    ("postal_code", "Postal code", False),
    ("city", "City", False),
    ("region", "Region", False),
    ("country", "Country", False),
    ("source", "Source", False),
)
HINTS = {"phone": "With the country's code, such as +91 98200 12345", "country": "Name or two letters, such as IN"}
PLAIN = ("birthday", "tags", "email_opt_in", "sms_opt_in")


def customer_sheet(member: Member, customer: Customer | None, saved: Callable[[Customer], Awaitable[None]]) -> Sheet:
    """A sheet for a new customer (None) or for this one; `saved` hears of the customer once the service has it.

    Only what was changed is sent, so an edit never undoes what somebody else changed meanwhile.
    """
    draft = customer.model_copy(deep=True) if customer is not None else Customer()
    before = _values(draft)
    controls: dict[str, ValidationElement[Any]] = {}
    sheet = Sheet("Edit customer" if customer else "Add customer", _subtitle(customer))
    with sheet:
        with box("fgrid"):
            for name, label, wide in TEXTS:
                with box("wide" if wide else "min-w-0"):
                    controls[name] = text_field(
                        label, getattr(draft, name), bind=(draft, name), hint=HINTS.get(name), autocomplete="off"
                    )
            with box("min-w-0"):
                controls["birthday"] = date_field("Birthday", draft.birthday, bind=(draft, "birthday"))
            with box("wide"):
                controls["tags"] = chips_field(
                    "Tags", draft.tags, bind=(draft, "tags"), hint="Press Enter after each", optional=True
                )
        box("rule")
        text("Consent", "strong")
        switch_field(
            "Accepts email",
            draft.email_opt_in,
            bind=(draft, "email_opt_in"),
            hint="Campaigns by email skip customers who do not",
        )
        switch_field("Accepts text messages", draft.sms_opt_in, bind=(draft, "sms_opt_in"))

    async def save() -> None:
        after = _values(draft)
        if not any(after[key] for key in ("first_name", "last_name", "email", "phone")) and not draft.external_id:
            controls["first_name"].error = "Give a name, an email or a phone number"
            return
        changed = {key: value for key, value in after.items() if value != before[key]}
        if customer is not None and not changed:
            sheet.close()
            return
        try:
            if customer is None:
                done = await create_customer(
                    member, {key: value for key, value in after.items() if value not in ("", [])}
                )
            else:
                done = await update_customer(member, str(customer.id), {key: _or_none(v) for key, v in changed.items()})
        except CohortError as problem:
            if not problem.errors:
                raise
            show_errors(controls, _as_input(problem))
            return
        sheet.close()
        toast("Customer added" if customer is None else "Changes saved")
        await saved(done)

    with sheet.foot:
        button("Cancel", on_click=sheet.close)
        button("Add customer" if customer is None else "Save changes", kind="primary", on_click=save)
    return sheet


def _subtitle(customer: Customer | None) -> str:
    if customer is None:
        return "A name, an email or a phone number is enough."
    return customer.name or customer.email or ""


def _values(draft: Customer) -> dict[str, Any]:
    values: dict[str, Any] = {name: (getattr(draft, name) or "").strip() for name, _, _ in TEXTS}
    birthday = draft.birthday
    values["birthday"] = birthday if isinstance(birthday, str) else birthday.isoformat() if birthday else ""
    values["tags"] = list(draft.tags or [])
    values["email_opt_in"], values["sms_opt_in"] = bool(draft.email_opt_in), bool(draft.sms_opt_in)
    return values


def _or_none(value: Any) -> Any:
    return None if value == "" else value


def _as_input(problem: CohortError) -> InvalidInput:
    """A conflict (the address is taken) names its field too, so it belongs in line as well."""
    errors = [
        FieldError("first_name" if e.field in ("", "body", "name") else e.field, e.message) for e in problem.errors
    ]
    return InvalidInput(problem.detail, errors=errors)
