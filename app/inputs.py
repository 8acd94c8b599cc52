"""The value types that inputs share: one line of text, an email, a day, a moment, an exact amount."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated

import phonenumbers
from babel.numbers import get_currency_precision, list_currencies
from email_validator import EmailNotValidError, validate_email
from pydantic import BeforeValidator, Field, WithJsonSchema

from app.settings import get_settings
from models.values import now

EARLIEST_YEAR = 1900
MAX_AMOUNT = Decimal(100_000_000_000)
"""What one order may come to: enough in any currency, and small enough that sums stay within the stored digits."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]|[\ud800-\udfff]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s?(Z|z|[+-]\d{2}(:?\d{2})?)?)?", re.ASCII
)
_AMOUNT = re.compile(r"[+-]?(\d{1,24}(\.\d{0,12})?|\.\d{1,12})", re.ASCII)
_PHONE = re.compile(r"[0-9+()./\- ]{3,40}(\s?(x|ext\.?)\s?\d{1,7})?", re.ASCII | re.IGNORECASE)


def check_characters(text: str) -> str:
    """`text` itself. Raises ValueError for control characters and lone surrogates; line breaks and tabs are fine."""
    if _CONTROL.search(text):
        raise ValueError("should not hold control characters or halves of surrogate pairs")
    return text


def one_line(value: object) -> object:
    """Text on one line: runs of blanks and line breaks become one space, none remain around it; empty becomes None."""
    if not isinstance(value, str):
        return value
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip() or None
    return " ".join(check_characters(value).split()) or None


def identifier(value: object) -> object:
    """The shop's own id or number: text, or a whole number taken as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return one_line(value)


def email_address(value: object) -> object:
    """A deliverable-looking address, normalized (RFC 5321 and 6531 by `email-validator`); no DNS is asked."""
    value = one_line(value)
    if not isinstance(value, str):
        return value
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as problem:
        raise ValueError("should be an email address such as ann@example.com") from problem


def e164(phone: str, country: str | None) -> str:
    """The number in E.164 form (+4930123456). `country` (ISO 3166 code) is where a number without + belongs.

    Raises ValueError when it cannot be a number there.
    """
    region = country.upper() if country and len(country) == 2 else None
    text = "+" + phone[2:] if phone.startswith("00") else phone
    if not _PHONE.fullmatch(text):
        raise ValueError("should be a phone number such as +49 30 1234567")
    if not text.startswith("+") and region is None:
        raise ValueError("should begin with + and the country's code, such as +49 30 1234567, or come with a country")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as problem:
        raise ValueError("should be a phone number such as +49 30 1234567") from problem
    if not phonenumbers.is_possible_number(number):
        raise ValueError("has too few or too many digits for a phone number of that country")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def calendar_day(value: object) -> object:
    """A calendar day from a date or `YYYY-MM-DD`."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if not _DAY.fullmatch(text):
            raise ValueError("should be a date such as 1990-03-31")
        try:
            value = date.fromisoformat(text)
        except ValueError as problem:
            raise ValueError("should be a date that exists, such as 1990-03-31") from problem
    if not isinstance(value, date):
        if value is None:
            return None
        raise ValueError("should be a date such as 1990-03-31")
    if value.year < EARLIEST_YEAR:
        raise ValueError(f"should be {EARLIEST_YEAR} or later")
    return value


def past_day(value: object) -> object:
    """A calendar day that is not in the future anywhere on earth."""
    day = calendar_day(value)
    if isinstance(day, date) and day > (now() + timedelta(hours=14)).date():
        raise ValueError("should not be in the future")
    return day


def moment(value: object) -> object:
    """An aware UTC time from ISO 8601 text, a datetime or a date.

    Without a zone it is the shop's local time, and a day alone is that day's local midnight.
    """
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if not _MOMENT.fullmatch(text):
            raise ValueError("should be a time such as 2026-03-31T14:30:00Z or a date such as 2026-03-31")
        try:
            value = datetime.fromisoformat(text.replace(",", ".").replace(" Z", "Z").replace("z", "Z"))
        except ValueError as problem:
            raise ValueError("should be a time that exists, such as 2026-03-31T14:30:00Z") from problem
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        if value is None:
            return None
        raise ValueError("should be a time such as 2026-03-31T14:30:00Z or a date such as 2026-03-31")
    if value.year < EARLIEST_YEAR or value.year > 9000:
        raise ValueError(f"should be {EARLIEST_YEAR} or later")
    if value.tzinfo is None:
        value = value.replace(tzinfo=get_settings().zone)
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def past_moment(value: object) -> object:
    """A moment at most a day in the future: clocks differ, and a day has begun earlier elsewhere."""
    found = moment(value)
    if isinstance(found, datetime) and found > now() + timedelta(days=1):
        raise ValueError("should not be in the future")
    return found


def amount(value: object) -> object:
    """An exact amount, zero or more, from a number or text with a point. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("should be a number, or text such as 12.50")
    text = str(value).strip()
    if not _AMOUNT.fullmatch(text):
        if isinstance(value, str) and "," in text:
            raise ValueError("should have a point before the cents and nothing between thousands, such as 12.50")
        if isinstance(value, float | Decimal):
            raise ValueError(f"should be a plain amount below {MAX_AMOUNT:,}")
        raise ValueError("should be a number with a point before the cents, such as 12.50")
    number = Decimal(text)
    if number < 0:
        raise ValueError("should be 0 or more; a refund is an order with the status refunded")
    if number >= MAX_AMOUNT:
        raise ValueError(f"should be below {MAX_AMOUNT:,}")
    return _within_places(abs(number), 4, "should have 4 digits after the point at most")


def check_precision(number: Decimal, currency: str) -> Decimal:
    """The amount, surplus zeros cut off, if the currency has that many decimals (CLDR, by babel). Raises ValueError."""
    places = currency_places(currency)
    digits = f"{places} digits after the point" if places else "no digits after the point"
    return _within_places(number, places, f"should have {digits} at most in {currency}")


def _within_places(number: Decimal, places: int, message: str) -> Decimal:
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= places:
        return number
    cut = number.quantize(Decimal(1).scaleb(-places))
    if cut != number:
        raise ValueError(message)
    return cut


@lru_cache(maxsize=256)
def currency_places(currency: str) -> int:
    """Digits after the point in this currency, four at most: what is stored."""
    return min(4, int(get_currency_precision(currency)))


def currency_code(value: object) -> object:
    """An ISO 4217 code in capitals."""
    if not isinstance(value, str):
        return value
    code = value.strip().upper()
    if code not in _currencies():
        raise ValueError("should be an ISO 4217 currency such as EUR")
    return code


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


Line = Annotated[Annotated[str, Field(max_length=200)] | None, BeforeValidator(one_line)]
Identifier = Annotated[
    Annotated[str, Field(max_length=100)] | None, BeforeValidator(identifier), Field(examples=["C-1001"])
]
Email = Annotated[
    Annotated[str, Field(max_length=254)] | None, BeforeValidator(email_address), Field(examples=["ann@example.com"])
]
PhoneText = Annotated[
    Annotated[str, Field(max_length=50)] | None, BeforeValidator(one_line), Field(examples=["+49301234567"])
]
PastDay = Annotated[date | None, BeforeValidator(past_day), Field(examples=["1990-03-31"])]
PastMoment = Annotated[datetime | None, BeforeValidator(past_moment), Field(examples=["2026-03-31T14:30:00Z"])]
Amount = Annotated[
    Decimal,
    BeforeValidator(amount),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}], "examples": ["129.90"]}, mode="validation"),
]
Currency = Annotated[str, BeforeValidator(currency_code), Field(examples=["USD"])]
