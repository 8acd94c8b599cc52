"""Email addresses and phone numbers as members see them who may look but not contact anybody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from app.auth.permissions import allowed
from models.customer import Customer
from models.member import Member

PERMISSION = "customers.contact"
HIDDEN_FIELDS = frozenset({"email", "phone"})
DOT = "•"
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"'@]+@[^\s<>()\[\]:;,\"'@]+")
SHOWN_DIGITS = 2


def sees_contact(member: Member) -> bool:
    """Whether addresses and numbers are shown to this member as they are."""
    return allowed(member, PERMISSION)


def shown_to(member: Member, customer: Customer) -> Customer:
    """The customer, or a copy with address and number masked. Never write such a copy."""
    if sees_contact(member):
        return customer
    masked: Customer = customer.model_copy(
        update={"email": masked_address(customer.email), "phone": masked_address(customer.phone)}
    )
    return masked


def raw_shown_to(member: Member, customer: dict[str, Any]) -> dict[str, Any]:
    """`shown_to` for a raw document, as messages are filled in with one."""
    if sees_contact(member):
        return customer
    return {**customer, **{name: masked_address(customer.get(name)) for name in HIDDEN_FIELDS if name in customer}}


def all_shown_to(member: Member, customers: Sequence[Customer]) -> list[Customer]:
    """`shown_to` for several."""
    return [shown_to(member, customer) for customer in customers]


def shown_address(member: Member, address: str | None) -> str | None:
    """An address or number on its own."""
    return address if sees_contact(member) else masked_address(address)


def shown_words(member: Member, words: str | None, address: str | None = None) -> str | None:
    """What a server said, which may name the address it is about, or any other."""
    if not words or sees_contact(member):
        return words
    if address:
        words = re.sub(re.escape(address), str(masked_address(address)), words, flags=re.IGNORECASE)
    return _ADDRESS.sub(lambda found: str(masked_address(found[0])), words)


def masked_address(address: str | None) -> str | None:
    """`k•••@e•••.com` and `+•••••••43`: enough to know one's own customers again, too little to write to anybody."""
    if not address:
        return address
    local, at, domain = address.rpartition("@")
    if not at:
        return f"{'+' if address.startswith('+') else ''}{DOT * 7}{address[-SHOWN_DIGITS:]}"
    name, dot, ending = domain.rpartition(".")
    return f"{local[:1]}{DOT * 3}@{(name or ending)[:1]}{DOT * 3}{dot}{ending if dot else ''}"


def concealed(value: Any) -> Any:
    """A value that was found in a hidden field, masked; lists item by item."""
    if isinstance(value, list | tuple):
        return [concealed(item) for item in value]
    return masked_address(value) if isinstance(value, str) else value
