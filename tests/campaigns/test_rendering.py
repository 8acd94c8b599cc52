"""Messages: what is refused and with which words, what is filled in and how."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from bson import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns.message import templates
from app.campaigns.message.rendering import EXAMPLE_CUSTOMER, MERGE_TAGS, check_message, compile_message
from app.campaigns.message.templates import compile_template
from app.errors import InvalidInput
from app.settings import Settings, use_settings

pytestmark = pytest.mark.usefixtures("settings")


def render(subject: str, body: str, **fields: object):
    return compile_message(subject, body).render({**EXAMPLE_CUSTOMER, **fields}, unsubscribe_url="https://x.y/u/1?a&b")


@pytest.mark.parametrize(
    ("subject", "body", "told"),
    [
        ("Hello\r\nBcc: eve@example.com", "x", "subject: must be one line"),
        ("Hello\n", "x", "subject: must be one line"),
        ("{{ customer.first_nam }}", "x", "did you mean customer.first_name?"),
        ("x", "hi\n{{ customer.name ", "body: line 2, {{ customer.name"),
        ("x", "hi\n\n{% if customer.name %}yo", "body: line 3, {% if customer.name %}: expected tag endif"),
        ("x", "{{ customer.name | upcas }}", "body: line 1, {{ customer.name | upcas }} uses the filter 'upcas'"),
        ("x", "{% include 'a' %}", "unexpected tag 'include'"),
        ("x", "{{ customer.password_hash }}", "customer.password_hash is not a merge tag"),
        ("x", "{{ customer }}", "customer is not a merge tag"),
        ("x", "{{ customer.name | safe }}", "uses the filter 'safe'"),
        ("x", "{% for i in (1..100000) %}x{% endfor %}", "body: repeats too often"),
        ("x", "{% for i in (1..1000) %}{{ '" + "x" * 2000 + "' }}{% endfor %}", "body: becomes larger than 1024 KB"),
        ("x", "{{ 'aaaa' | replace: 'a', '" + "b" * 500 + "' | replace: 'b', '" + "c" * 5000 + "' }}", "body: becomes"),
        ("x" * 256, "x", "subject: would be 256 characters long"),
        ("x", "x" * 131_073, "body: is 128 KB; the most is 128 KB"),
        ("{{ 1 | divided_by: 0 }}", "x", "subject: divided_by"),
    ],
)
def test_refusals_name_the_field_and_the_tag(subject: str, body: str, told: str):
    with pytest.raises(InvalidInput) as caught:
        check_message(subject, body)
    assert told in caught.value.detail
    assert caught.value.errors[0].field in ("subject", "body")


def test_every_merge_tag_is_filled_in():
    body = " ".join(f"{{{{ {tag} }}}}" for tag in MERGE_TAGS) + " {{ customer.attributes.shoe_size }}"
    found = render(
        "x",
        body,
        total_spent=Decimal128("12.5"),
        last_order_at=datetime(2026, 2, 28, 20, tzinfo=UTC),
        attributes={"shoe_size": 42},
    )
    expected = "Ada Lovelace Ada Lovelace ada@example.com London United Kingdom 12.50 3 1 March 2026 Cohort"
    assert expected in found.text
    assert found.text.rstrip().endswith("42")


def test_values_are_escaped_in_the_body_and_plain_in_subject_and_text():
    found = render("Hi {{ customer.first_name }}", "<p>Hi {{ customer.first_name }}</p>", first_name="<b>&\"'")
    assert found.subject == "Hi <b>&\"'"
    assert "<p>Hi &lt;b&gt;&amp;&#34;&#39;</p>" in found.html
    assert "Hi <b>&\"'" in found.text


def test_a_line_break_that_a_value_brings_into_the_subject_is_refused():
    with pytest.raises(InvalidInput, match="subject: would hold a line break"):
        render("Hi {{ customer.first_name }}", "x", first_name="Eve\r\nBcc: all@example.com")


def test_a_missing_value_is_empty_and_default_helps():
    found = render(
        "x", "Dear {{ customer.first_name | default: 'friend' }}{{ customer.attributes.none }}.", first_name=""
    )
    assert "Dear friend." in found.text


def test_a_footer_comes_only_where_the_body_has_no_link_of_its_own():
    assert "Unsubscribe (https://x.y/u/1?a&b)" in render("x", "Hello").text
    own = render("x", '<p>Hello <a href="{{ unsubscribe_url }}">go away</a></p>')
    assert "Unsubscribe" not in own.html
    assert 'href="https://x.y/u/1?a&amp;b"' in own.html


def test_plain_text_becomes_paragraphs_and_links():
    found = render("x", "Dear {{ customer.first_name }},\n\nsee https://a.b/c?d=1&e=2.\nThanks & <3")
    assert '<p style="margin:0 0 16px">Dear Ada,</p>' in found.html
    assert '<a href="https://a.b/c?d=1&amp;e=2">https://a.b/c?d=1&amp;e=2</a>.<br>' in found.html
    assert "Thanks &amp; &lt;3" in found.html
    assert found.text.startswith("Dear Ada,\n\nsee https://a.b/c?d=1&e=2.\nThanks & <3\n")


def test_styles_move_inline_and_liquid_survives_between_table_rows():
    body = (
        "<style>td{color:red}</style><table>{% for x in customer.attributes.likes %}<tr><td>{{ x }}</td></tr>"
        "{% endfor %}</table>{% if customer.order_count < 3 %}few{% else %}many{% endif %}"
    )
    found = render("x", body, attributes={"likes": ["tea", "<milk>"]})
    assert found.html.count('<td style="color: red;">') == 2
    assert "&lt;milk&gt;" in found.html
    assert "many" in found.html
    assert "tea" in found.text


def test_the_text_part_says_what_the_html_says():
    body = (
        "<h1>Sale</h1><p>Only   <b>today</b>.</p><ul><li>Tea</li><li>Milk</li></ul>"
        '<p><a href="https://shop.example/a">Shop</a> <a href="mailto:a@b.c">a@b.c</a> <img alt="Cat" src="x"></p>'
        "<script>bad()</script><style>p{}</style>{{ unsubscribe_url }}"
    )
    expected = (
        "Sale\n\nOnly today.\n\n- Tea\n- Milk\n\nShop (https://shop.example/a) a@b.c Cat\n\nhttps://x.y/u/1?a&b\n"
    )
    assert render("x", body).text == expected


def test_the_shop_is_named_by_mail_from(settings: Settings):
    use_settings(settings.model_copy(update={"mail_from": "Bean Shop <shop@beans.example>"}))
    assert render("From {{ shop }}", "x").subject == "From Bean Shop"


values = st.one_of(
    st.none(), st.text(max_size=20), st.integers(-5, 5), st.booleans(), st.decimals(allow_nan=False, places=2),
    st.lists(st.text(max_size=3), max_size=3),
)  # fmt: skip


@given(values, values, st.booleans())
def test_the_shortcut_puts_out_what_liquid_puts_out(first: object, second: object, html: bool):
    source = "a<{{ customer.first_name }}>{{ customer.attributes.x | default: 'no & <b>' }}{{ customer.attributes.y }}"
    template = compile_template("body", source, html=html)
    assert template.pieces is not None
    filled = {"customer": {"first_name": first, "attributes": {"x": second}}}
    # Liquid writes to a buffer that turns every line end into \n, as composing the mail does later.
    mine = template.render(filled).replace("\r\n", "\n").replace("\r", "\n")
    assert mine == template._bound.render(**filled)


@pytest.mark.parametrize(
    "source", ["{{ shop | upcase }}", "{% if shop %}x{% endif %}", "{{ customer.attributes.x.size }}"]
)
def test_anything_more_goes_the_long_way(source: str):
    assert compile_template("body", source, html=True).pieces is None


def test_a_template_has_a_time_limit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(templates, "RENDER_SECONDS", 0)
    with pytest.raises(InvalidInput, match="body: takes too long"):
        compile_template("body", "{{ shop | upcase }}", html=True).render({"shop": "x"})


def test_money_is_exact():
    assert "0.30" in render("x", "{{ customer.total_spent }}", total_spent=Decimal("0.1") + Decimal("0.2")).text


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{{" * 30_000, "line 1, {{"),
        ("{%" * 30_000, "expected '%}', found end of file"),
        ("a\n{% raw %}" * 5_000, "line 2, {% raw %}: expected tag endraw"),
        ("{{ shop" + " " * 60_000 + "}}", "holds more than 100 blanks in a row"),
        ("{{ shop }}" * 1_001, "is one tag too many; a message may hold 1,000"),
        ("{% for i in (1..1000) %}" + "{% assign a = shop %}" * 900 + "{% endfor %}", "takes too long"),
        ("{% for i in (1..1000) %}{% endfor %}" * 499, "takes too long"),
        ("a\ud800b", "half of a surrogate pair"),
    ],
)
def test_what_would_keep_the_reader_busy_is_refused_at_once(body: str, told: str):
    started = time.process_time()
    with pytest.raises(InvalidInput, match=r"^body: ") as caught:
        check_message("x", body)
    assert told in caught.value.detail
    assert time.process_time() - started < 2


@pytest.mark.parametrize("piece", ["<!--", "<![CDATA[", "<a href='", "<style>", "</body ", "<p {{ shop }} ", "&"])
def test_broken_html_is_read_in_good_time(piece: str):
    started = time.process_time()
    check_message("x", piece * min(900, 60_000 // len(piece)) if "{{" in piece else piece * (60_000 // len(piece)))
    assert time.process_time() - started < 2


def test_liquid_that_styles_would_break_keeps_its_footer():
    body = "<style>p{color:{% if shop %}red{% endif %}}</style><p>Hello</p>"
    assert "https://x.y/u/1?a&amp;b" in render("x", body).html
    odd = "<style>p{color:red}</style><p {% if shop %}class=a{% endif %}>Hello</p>{% if shop %}</div>{% endif %}"
    assert "https://x.y/u/1?a&amp;b" in render("x", odd).html


def test_raw_liquid_stays_as_it_is():
    assert "{{ shop }}" in render("x", "{% raw %}{{ shop }}{% endraw %}").text


def test_only_what_is_used_is_read():
    found = compile_message("{{ shop }}", "{{ customer.attributes.a.size }}{{ customer.city }}")
    values = found._values.of({"city": "Pune", "attributes": {"a": [1, 2], "b": 3}}, unsubscribe_url="#")
    assert values["customer"] == {"city": "Pune", "attributes": {"a": [1, 2]}}
    assert "2Pune" in found.render({"city": "Pune", "attributes": {"a": [1, 2]}}).text
