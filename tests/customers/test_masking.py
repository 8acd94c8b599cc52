"""Who may look but not contact sees no address and no number, wherever customers are shown."""

from __future__ import annotations

import pytest

from app.customers.masking import masked_address, shown_address, shown_to
from app.customers.service import create_customer, get_customer, list_customers, page_of_customers
from app.segments.explain import explain_customer
from app.segments.preview import glimpse, member_page, near_misses, preview
from app.segments.preview.people import people_page
from app.segments.service import create_segment
from models import Customer
from tests.segments.test_rule import condition, group

SECRETS = ("krista", "heinz.example", "555123443", "+1555")


@pytest.fixture
async def krista(bob) -> Customer:
    return await create_customer(
        bob, {"first_name": "K", "email": "krista@heinz.example.com", "phone": "+15551234430", "city": "Oslo"}
    )


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("krista@heinz.example.com", "k•••@h•••.com"),
        ("a@b", "a•••@b•••"),
        ("+15551234430", "+•••••••30"),
        ("5551234", "•••••••34"),
        ("", ""),
        (None, None),
    ],
)
def test_what_is_left_of_an_address(address, masked):
    assert masked_address(address) == masked


async def test_a_viewer_sees_none_of_it_anywhere(krista, bob, charlie):
    segment = await create_segment(bob, name="Oslo", rule=group(condition("city", "=", "Oslo")))
    by_email = group(condition("email", "endsWith", "example.com"), condition("phone", "notNull", None))
    missed = group(condition("email", "=", "other@example.com"), condition("city", "=", "Oslo"))
    shown = [
        await get_customer(charlie, krista.id),
        await list_customers(charlie, search="krista"),
        await page_of_customers(charlie),
        (await preview(charlie, by_email)).sample,
        (await glimpse(charlie, by_email)).sample,
        await member_page(charlie, segment.id),
        await people_page(charlie, segment.id),
        await explain_customer(charlie, rule=by_email, customer_id=krista.id),
        await near_misses(charlie, missed),
    ]
    for place, found in enumerate(shown):
        text = str(_without_shadows(found))
        assert "k•••@h•••.com" in text, place
        for secret in SECRETS:
            assert secret not in text, (place, secret)


async def test_a_marketer_sees_all_of_it(krista, bob):
    assert (await get_customer(bob, krista.id)).email == "krista@heinz.example.com"
    assert shown_to(bob, krista) is krista
    assert shown_address(bob, krista.phone) == "+15551234430"


def _without_shadows(found: object) -> object:
    """What the API and the pages show of customers: not the folded forms that only queries read."""
    if isinstance(found, Customer):
        return found.model_dump(include={"email", "phone", "first_name", "name"})
    if isinstance(found, list | tuple):
        return [_without_shadows(item) for item in found]
    if hasattr(found, "customer"):
        return [_without_shadows(found.customer), found.because]
    if hasattr(found, "sample"):
        return [_without_shadows(found.sample), found.found]
    return found
