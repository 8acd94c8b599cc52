"""Messages: read and checked once per campaign, filled in for each customer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.campaigns.html_body import html_and_text
from app.campaigns.merge_tags import CUSTOMER_FIELDS, MERGE_TAGS, known_tag, shop_name, values_of
from app.campaigns.plain_text import plain_text
from app.campaigns.templates import OUTPUT_BYTES, Template, compile_template
from app.errors import InvalidInput

__all__ = [
    "CUSTOMER_FIELDS",
    "EXAMPLE_CUSTOMER",
    "MERGE_TAGS",
    "Compiled",
    "Rendered",
    "check_message",
    "compile_message",
    "known_tag",
    "shop_name",
    "values_of",
]

SUBJECT_CHARACTERS = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

EXAMPLE_CUSTOMER: Mapping[str, Any] = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "city": "London",
    "country": "United Kingdom",
    "total_spent": Decimal("128.50"),
    "order_count": 3,
    "last_order_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
    "attributes": {},
}
"""Who a message is tried on when there is no customer yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A message as one person gets it."""

    subject: str
    html: str
    text: str


class Compiled:
    """A message ready to be filled in, about 150 us a customer."""

    def __init__(self, subject: Template, html: Template, text: Template | None) -> None:
        self._subject = subject
        self._html = html
        self._text = text

    @property
    def uses(self) -> frozenset[str]:
        """The merge tags in it."""
        return self._subject.uses | self._html.uses

    def render(self, customer: Mapping[str, Any], *, unsubscribe_url: str = "#") -> Rendered:
        """The message for a customer as MongoDB or `Customer.model_dump` gives it.

        Raises InvalidInput naming `subject` or `body`: a subject that would hold a line break or more than 255
        characters, a body over 1 MB, or a template that takes too long.
        """
        values = values_of(customer, unsubscribe_url=unsubscribe_url)
        subject = self._subject.render(values).strip()
        if _CONTROL.search(subject):
            raise InvalidInput.of("subject", "would hold a line break or another control character when filled in")
        if len(subject) > SUBJECT_CHARACTERS:
            raise InvalidInput.of(
                "subject", f"would be {len(subject)} characters long; the most is {SUBJECT_CHARACTERS}"
            )
        html = self._html.render(values)
        text = self._text.render(values) if self._text else plain_text(html)
        return Rendered(subject=subject, html=html, text=text)


def compile_message(subject: str, body: str) -> Compiled:
    """Read a message. A footer with an unsubscribe link is added when the body has none.

    Raises InvalidInput naming `subject` or `body`, with line and tag.
    """
    if _CONTROL.search(subject):
        raise InvalidInput.of("subject", "must be one line, without control characters")
    subject_template = compile_template("subject", subject, html=False)
    written = compile_template("body", body, html=True)
    html, text = html_and_text(body, footer="unsubscribe_url" not in written.uses)
    try:
        text_template: Template | None = compile_template("body", text, html=False, limit=OUTPUT_BYTES)
    except InvalidInput:
        # Liquid that opens in a style sheet and closes in the text leaves half of itself in the text: then the text is
        # made from each finished message.
        text_template = None
    return Compiled(subject_template, _styled(html, written), text_template)


def check_message(subject: str, body: str, *, customer: Mapping[str, Any] | None = None) -> None:
    """Raise InvalidInput naming `subject` or `body`, the line and the tag, unless this message can be sent.

    It is filled in once, for `customer` or an example, so that trouble of filling in shows before anything is sent.
    """
    compile_message(subject, body).render(customer or EXAMPLE_CUSTOMER)


def _styled(html: str, written: Template) -> Template:
    """The finished document as a template; the body as written when styles were inlined around Liquid in a way that
    broke it.
    """
    try:
        return compile_template("body", html, html=True, limit=OUTPUT_BYTES)
    except InvalidInput:
        return written
