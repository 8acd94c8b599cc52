"""Messages: read and checked once per campaign, filled in for each customer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from app.campaigns.audience.kinds import Kind, kind_of, sms_parts
from app.campaigns.message.html_body import html_and_text
from app.campaigns.message.merge_tags import CUSTOMER_FIELDS, MERGE_TAGS, Values, known_tag, shop_name, values_of
from app.campaigns.message.plain_text import plain_text
from app.campaigns.message.shortcut import Filling
from app.campaigns.message.templates import OUTPUT_BYTES, Template, compile_template
from app.channels.filled import Text
from app.errors import InvalidInput
from models.campaign import Channel

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

LINE_CHARACTERS = 255
LINE_BYTES = 8 * 1024
"""What a subject or a preview line may take before it is filled in."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

EXAMPLE_CUSTOMER: Mapping[str, Any] = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "phone": "+442079460123",
    "city": "London",
    "country": "United Kingdom",
    "total_spent": Decimal("128.50"),
    "order_count": 3,
    "last_order_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
    "attributes": {},
}
"""Who a message is tried on when there is no customer yet."""


@dataclass(kw_only=True, slots=True)
class Rendered:
    """A message as one person gets it; nobody changes it. Without HTML where the channel carries text alone."""

    subject: str
    html: str
    text: str


class Parts(NamedTuple):
    """The same, with bodies that are joined only where somebody reads them."""

    subject: str
    html: Text
    text: Text


class Compiled:
    """A message ready to be filled in: some 5 us a customer when it only fills in tags, 150 us with other Liquid."""

    def __init__(
        self, kind: Kind, subject: Template, html: Template | None, text: Template | None, preview: Template | None
    ) -> None:
        self._kind = kind
        self._subject = subject
        self._html = html
        self._text = text
        self._preview = preview
        parts = [part for part in (subject, html, text, preview) if part is not None]
        self.uses: frozenset[str] = frozenset().union(*(part.uses for part in parts))
        """The merge tags in it."""
        self._values = Values(self.uses)
        together = [part.pieces for part in (subject, html, text) if part is not None and part.pieces is not None]
        self._filling = (
            Filling(together, self._values.finder)
            if html is not None and text is not None and len(together) == 3
            else None
        )

    def render(self, customer: Mapping[str, Any], *, unsubscribe_url: str = "#") -> Rendered:
        """The message for a customer as MongoDB or `Customer.model_dump` gives it.

        Raises InvalidInput naming `subject` or `body`: a subject that would hold a line break or more than 255
        characters, a body over 1 MB or of too many text messages, or a template that takes too long.
        """
        filled = self.fill(customer, unsubscribe_url)
        return Rendered(subject=filled.subject, html=str(filled.html), text=str(filled.text))

    def fill(self, customer: Mapping[str, Any], unsubscribe_url: str) -> Parts:
        """As `render`, at a third of the cost when the message only fills in tags and nobody reads the whole of it."""
        if self._filling is not None and self._html is not None:
            parts = self._filling.texts(customer, unsubscribe_url)
            self._html.bounded(len(parts[1]))
            return Parts(_line("subject", str(parts[0])), parts[1], parts[2])
        values = self._values.of(customer, unsubscribe_url=unsubscribe_url)
        subject = _line("subject", self._subject.render(values))
        html = self._html.render(values) if self._html is not None else ""
        text = self._text.render(values) if self._text is not None else plain_text(html)
        return Parts(subject, html, text if self._kind.html else self._text_alone(text))

    def check(self, customer: Mapping[str, Any]) -> None:
        """Raise InvalidInput naming the field unless this can be filled in, the preview line too."""
        self.render(customer)
        if self._preview is not None:
            _line("preview_text", self._preview.render(self._values.of(customer, unsubscribe_url="#")))

    def _text_alone(self, text: str) -> str:
        text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
        if self._kind.parts is not None and (parts := sms_parts(text).parts) > self._kind.parts:
            raise InvalidInput.of(
                "body", f"would take {parts} text messages when filled in; the most is {self._kind.parts}"
            )
        return text


def compile_message(
    subject: str, body: str, *, channel: Channel | str = Channel.EMAIL, preview_text: str = ""
) -> Compiled:
    """Read a message of this channel. In mail a footer with an unsubscribe link is added when the body has none.

    What a channel does not carry (the subject of a text message, the preview line of anything but mail) is checked and
    then left out. Raises InvalidInput naming `subject`, `preview_text` or `body`, with line and tag.
    """
    kind = kind_of(channel)
    subject_template = _line_template("subject", subject)
    preview = _line_template("preview_text", preview_text) if preview_text.strip() else None
    if not kind.html:
        text = compile_template("body", body, html=False)
        return Compiled(kind, subject_template if kind.subject else _NO_LINE, None, text, None)
    written = compile_template("body", body, html=True)
    footer = kind.unsubscribe_link and "unsubscribe_url" not in written.uses
    line = preview_text.strip() if kind.preview else ""
    html, plain = html_and_text(body, footer=footer, preview=line)
    try:
        text_template: Template | None = compile_template("body", plain, html=False, limit=OUTPUT_BYTES)
    except InvalidInput:
        # Liquid that opens in a style sheet and closes in the text leaves half of itself in the text: then the text is
        # made from each finished message.
        text_template = None
    try:
        html_template = compile_template("body", html, html=True, limit=OUTPUT_BYTES)
    except InvalidInput:
        # Styles were inlined around Liquid in a way that broke it.
        html, _ = html_and_text(body, footer=footer, preview=line, inline=False)
        html_template = compile_template("body", html, html=True, limit=OUTPUT_BYTES)
    return Compiled(kind, subject_template, html_template, text_template, preview)


def check_message(
    subject: str,
    body: str,
    *,
    customer: Mapping[str, Any] | None = None,
    channel: Channel | str = Channel.EMAIL,
    preview_text: str = "",
) -> None:
    """Raise InvalidInput naming `subject`, `preview_text` or `body`, the line and the tag, unless this can be sent.

    It is filled in once, for `customer` or an example, so that trouble of filling in shows before anything is sent.
    """
    compile_message(subject, body, channel=channel, preview_text=preview_text).check(customer or EXAMPLE_CUSTOMER)


def _line_template(field: str, source: str) -> Template:
    # Size first: the sentence about it is the one that helps with 64 KB pasted into a line.
    template = compile_template(field, source, html=False, limit=LINE_BYTES)
    if _CONTROL.search(source):
        raise InvalidInput.of(field, "must be one line, without control characters")
    return template


def _line(field: str, filled: str) -> str:
    line = filled.strip()
    if not line.isprintable() and _CONTROL.search(line):
        raise InvalidInput.of(field, "would hold a line break or another control character when filled in")
    if len(line) > LINE_CHARACTERS:
        raise InvalidInput.of(field, f"would be {len(line)} characters long; the most is {LINE_CHARACTERS}")
    return line


_NO_LINE = compile_template("subject", "", html=False)
