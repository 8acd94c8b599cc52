"""Mails as bytes, read back by the standard library."""

from __future__ import annotations

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.channels.addresses import sender_parts, wire_address
from app.channels.base import Message
from app.channels.mime import mime_bytes
from app.errors import InvalidInput


def message(**changes: object) -> Message:
    fields: dict[str, object] = {
        "id": "c:p",
        "sender": "Bean Shop <shop@beans.example>",
        "recipient": "ann@example.com",
        "name": "Ann Lee",
        "subject": "Hello",
        "html": "<p>Hello</p>",
        "text": "Hello\n",
        "message_id": "<c.p@beans.example>",
        "headers": {"List-Unsubscribe": "<https://x.y/u/1>"},
    }
    return Message(**fields | changes)  # type: ignore[arg-type]


def parse(one: Message):
    raw = mime_bytes(one)
    assert raw.endswith(b"\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    return email.message_from_bytes(raw, policy=email.policy.default), raw


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=255)


@given(words.map(str.strip), st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=2000), words)
def test_whatever_is_written_is_what_is_read(subject: str, body: str, name: str):
    body = body.replace("\x0b", "").replace("\x0c", "")
    found, raw = parse(message(subject=subject, html=body, text=body, name=name))
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert all(
        len(line) <= 76 for line in raw.partition(b"\r\n\r\n")[2].split(b"\r\n") if not line.startswith(b"Content")
    )
    lines = body.replace("\r\n", "\n").replace("\r", "\n")
    for part, kind in zip(found.iter_parts(), ("text/plain", "text/html"), strict=True):
        assert part.get_content_type() == kind
        content = part.get_payload(decode=True).decode()  # type: ignore[union-attr]
        assert content.replace("\r\n", "\n").rstrip("\n") == lines.rstrip("\n")
    assert str(found["subject"]).split() == subject.split()


def test_names_subjects_and_domains_outside_ascii():
    found, raw = parse(
        message(
            subject="Grüße " * 30, name='Bob "x", Müller', recipient="bob@bücher.de", sender="Chaï & Co <a@exämple.fr>"
        )
    )
    assert raw.partition(b"\r\n\r\n")[0].isascii()
    assert found["from"].addresses[0].display_name == "Chaï & Co"
    assert found["from"].addresses[0].addr_spec == "a@xn--exmple-cua.fr"
    assert found["to"].addresses[0].display_name == 'Bob "x", Müller'
    assert found["to"].addresses[0].addr_spec == "bob@xn--bcher-kva.de"
    assert found["subject"].strip() == ("Grüße " * 30).strip()
    assert found["message-id"] == "<c.p@beans.example>"
    assert found["list-unsubscribe"] == "<https://x.y/u/1>"
    assert found["date"].datetime.tzinfo is not None


@pytest.mark.parametrize("subject", ["a\r\nBcc: eve@example.com", "a\nb", "a\x00b"])
def test_a_header_never_takes_a_line_break(subject: str):
    with pytest.raises(InvalidInput, match="control character"):
        mime_bytes(message(subject=subject))


def test_a_name_with_a_line_break_stays_a_name():
    found, _ = parse(message(name="Ann\r\nBcc: eve@example.com"))
    assert found["bcc"] is None


@pytest.mark.parametrize(
    "address",
    [
        *("", "ann", "ann@", "@example.com", "a b@example.com", "a@b.c\r\nRCPT TO:<x@y.z>", "a@b>c", "a@b@c.d"),
        *("a\x00@b.c", "a@b c", "a@b..c", "a@-b.c", "a@.b", '"a"@b.c', "a(b)@b.c", "a@b.c,d@e.f", "a\u2028b@b.c"),
        *("a\ud800@b.c", "a" * 65 + "@b.c", "a@" + "b." * 130 + "c", "ü" * 33 + "@b.c", "a@xn--\u0000.de"),
    ],
)
def test_addresses_that_cannot_be_used(address: str):
    with pytest.raises(InvalidInput):
        wire_address(address.strip(" "))


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("Ann.Lee+x@Example.com", "Ann.Lee+x@Example.com"),
        ("ann@bücher.de", "ann@xn--bcher-kva.de"),
        ("ann@BÜCHER.DE", "ann@xn--bcher-kva.de"),
        ("用户@例子.example", "用户@xn--fsqu00a.example"),
        ("ann@[192.0.2.1]", "ann@[192.0.2.1]"),
        ("a..b@docomo.ne.jp", "a..b@docomo.ne.jp"),
        ("o'brien!#$%&*/=?^_`{|}~@b_c.example", "o'brien!#$%&*/=?^_`{|}~@b_c.example"),
    ],
)
def test_addresses_that_can_be_used(address: str, wire: str):
    assert wire_address(address) == wire


INJECTION = "x\r\nBcc: eve@example.com\r\n\r\n<h1>hello</h1>"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": INJECTION},
        {"message_id": INJECTION},
        {"headers": {"List-Unsubscribe": INJECTION}},
        {"recipient": INJECTION},
        {"recipient": f"{INJECTION}@example.com"},
        {"sender": INJECTION},
        {"subject": "x" * 65_536},
        {"headers": {"X": "y" * 65_536}},
        {"html": "x" * 10_000_000},
        {"text": "x" * 10_000_000},
    ],
    ids=lambda changes: f"{next(iter(changes))}, {len(str(next(iter(changes.values()))))} characters",
)
def test_what_cannot_be_a_mail_is_refused_in_words(changes: dict[str, object]):
    with pytest.raises(InvalidInput) as caught:
        mime_bytes(message(**changes))
    assert len(caught.value.detail) < 300
    assert caught.value.detail.partition(":")[0] in {
        *("subject", "Message-ID", "List-Unsubscribe", "email", "MAIL_FROM", "X", "body"),
    }


@pytest.mark.parametrize("name", [INJECTION, "x" * 65_536, "a\ud800b", "\x00", '"', "=?utf-8?q?x?="])
def test_a_name_never_harms(name: str):
    found, _ = parse(message(name=name))
    assert found["bcc"] is None
    assert found["to"].addresses[0].addr_spec == "ann@example.com"
    assert found.get_body(("html",)).get_content().strip() == "<p>Hello</p>"


def test_a_long_text_without_a_line_end_is_broken_as_mail_wants_it():
    found, raw = parse(message(text="word " * 100))
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert found.get_body(("plain",)).get_content().strip() == ("word " * 100).strip()


def test_large_but_sensible_mails_go():
    html = "<p>ü</p>" * 100_000
    found, raw = parse(message(html=html))
    assert found.get_body(("html",)).get_content().strip() == html
    assert max(map(len, raw.split(b"\r\n"))) <= 300


def test_a_sender_that_is_no_address_is_named():
    with pytest.raises(InvalidInput, match="MAIL_FROM"):
        sender_parts("Cohort")
