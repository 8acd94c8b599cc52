"""What is taken for an email, a phone number, a day, a moment and an attribute."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.customers.fields import CustomerInput
from app.customers.writing import new_customer
from app.errors import InvalidInput
from app.inputs import amount, check_precision, e164, moment


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+49 30 1234567", None, "+49301234567"),
        ("0049 30 1234567", None, "+49301234567"),
        ("030/1234567", "DE", "+49301234567"),
        ("(202) 555-0123", "us", "+12025550123"),
        ("98765 43210", "IN", "+919876543210"),
    ],
)
def test_phones(text, country, number):
    assert e164(text, country) == number


@pytest.mark.parametrize(("text", "country"), [("12", "DE"), ("030 1234567", None), ("call me", "DE"), ("+1", None)])
def test_no_phones(text, country):
    with pytest.raises(ValueError, match=r"should|has too"):
        e164(text, country)


@pytest.mark.parametrize("text", ["ann@example.com", "a.b+c@sub.example.co.uk", "ünï@exämple.com", " x@shop.test "])
def test_emails(text):
    assert CustomerInput(email=text).email


@pytest.mark.parametrize(
    "text", ["ann", "@example.com", "a@b", "a b@example.com", "a@example..com", "x" * 300 + "@e.com"]
)
def test_no_emails(text):
    with pytest.raises(ValidationError):
        CustomerInput(email=text)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01 05:30:00+05:30", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01", "2025-12-31T18:30:00+00:00"),
        ("2026-01-01T05:30", "2026-01-01T00:00:00+00:00"),
        (date(2026, 1, 1), "2025-12-31T18:30:00+00:00"),
    ],
)
def test_moments_without_a_zone_are_the_shops(settings, text, utc):
    assert moment(text).isoformat() == utc


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", "1/2/2026", "2026-1-1", 5, 1.5, True, [], "0001-01-01"])
def test_no_moments(settings, value):
    with pytest.raises(ValueError, match="should"):
        moment(value)


@given(st.decimals(0, 10**10, places=4, allow_nan=False))
def test_amounts_come_through_exactly(number):
    assert amount(str(number)) == number


@given(st.text(max_size=20))
def test_any_text_is_an_amount_or_refused(text):
    try:
        found = amount(text)
    except ValueError:
        return
    assert found >= 0


def test_precision_follows_the_currency():
    assert str(check_precision(amount("12.500"), "USD")) == "12.50"
    for text, currency in (("1.234", "USD"), ("1.5", "JPY"), ("1.2345", "KWD")):
        with pytest.raises(ValueError, match=currency):
            check_precision(amount(text), currency)


@given(
    st.dictionaries(st.text(max_size=8), st.recursive(st.none() | st.text() | st.integers() | st.floats(), st.lists))
)
def test_attributes_are_stored_or_refused(attributes):
    try:
        raw = new_customer(CustomerInput.model_validate({"name": "X", "attributes": attributes}).given())
    except (ValidationError, InvalidInput):
        return
    assert all(key.isascii() and key.islower() for key in raw["attributes"] if key.isalpha())


def test_tags_keep_their_first_spelling():
    assert CustomerInput(name="X", tags=["VIP", "vip ", "", "New"]).tags == ["VIP", "New"]
