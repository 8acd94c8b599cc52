"""Texts filled in from pieces, encoded piece by piece, read back as a whole."""

from __future__ import annotations

import email
import email.policy
import quopri

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from app.campaigns.message.composing import compose
from app.channels.filled import Filled, Plan, with_crlf
from app.channels.mime import mime_bytes
from tests.channels.test_mime import message

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\n.= \t"))
pieces = st.lists(
    st.one_of(texts, st.sampled_from(["x" * 400, ".", "a=b ", "\n.\n", "." * 200, "\n..", "- - -"]), st.integers(0, 2))
)


@given(pieces, st.lists(texts, min_size=3, max_size=3))
def test_whatever_is_filled_in_is_what_is_read(plan: list[str | int], values: list[str]):
    filled = Filled(Plan(plan), values)
    expected = "".join(piece if isinstance(piece, str) else values[piece] for piece in plan)
    assert str(filled) == expected
    assert len(filled) == len(expected)
    quoted = filled.quoted_printable()
    if quoted is not None:
        assert quopri.decodestring(quoted) == with_crlf(expected)
        assert all(len(line) <= 76 for line in quoted.split(b"\r\n"))
        assert quoted.isascii()
        assert not any(line.startswith(b".") for line in quoted.split(b"\r\n"))


def test_a_mail_of_pieces_reads_like_any_other():
    plan = ("<p>Dear ", 0, ",</p>\n.hidden\n<a href='https://x.y/?a=b'>", "x" * 300, "</a> ", 1)
    html = Filled(Plan(plan), [str(escape("Jürgen <b>")), "end"])
    text = Filled(Plan(("Hello ", 0, "\r\n.\n")), ["Jürgen"])
    raw = mime_bytes(message(html=html, text=text))
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    found = email.message_from_bytes(raw, policy=email.policy.default)
    read = {part.get_content_type(): part.get_content().replace("\r\n", "\n") for part in found.iter_parts()}
    assert read["text/html"].rstrip("\n") == str(html)
    assert read["text/plain"] == "Hello Jürgen\n.\n"


def test_a_script_that_would_grow_goes_in_base64():
    html = Filled(Plan(("你好" * 500, 0)), ["Ann"])
    assert html.quoted_printable() is None
    raw = mime_bytes(message(html=html))
    assert b"text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64" in raw
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert found.get_body(("html",)).get_content().rstrip("\n") == str(html)  # type: ignore[union-attr]


def test_a_campaigns_messages_are_made_of_pieces():
    from bson import ObjectId

    campaign = {
        "_id": ObjectId(),
        "version": 1,
        "channel": "email",
        "name": "Spring",
        "subject": "For {{ customer.first_name }}",
        "body": "<p>Dear {{ customer.first_name | default: 'friend' }}, hello.</p>" + "<p>News.</p>" * 50,
    }
    made = compose(campaign, {"_id": ObjectId(), "first_name": "Ann & Bob", "email": "ann@example.com"})
    assert isinstance(made.html, Filled)
    assert isinstance(made.text, Filled)
    found = email.message_from_bytes(mime_bytes(made), policy=email.policy.default)
    assert "Dear Ann &amp; Bob, hello." in found.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "Dear Ann & Bob, hello." in found.get_body(("plain",)).get_content()  # type: ignore[union-attr]
