"""Messages to start from: short, honest, with places for names, and nothing promised that the shop did not say."""

from __future__ import annotations

from dataclasses import dataclass

_BUTTON = (
    '<p style="margin:24px 0"><a href="https://example.com" style="display:inline-block;background:#5b5bd6;'
    'color:#ffffff;padding:12px 20px;border-radius:8px;text-decoration:none;font-weight:600">{label}</a></p>'
)


@dataclass(frozen=True, kw_only=True)
class Starter:
    """One message to start from."""

    name: str
    about: str
    icon: str
    subject: str
    body: str


STARTERS = (
    Starter(
        name="A personal note",
        about="Plain text, as one person writes to another",
        icon="type",
        subject="A short note, {{ customer.first_name | default: 'hello' }}",
        body=(
            "Hi {{ customer.first_name | default: 'there' }},\n\n"
            "Write here what you would tell this customer if they stood in front of you.\n\n"
            "Thank you,\n{{ shop }}\n"
        ),
    ),
    Starter(
        name="We miss you",
        about="For people who have not ordered for a while",
        icon="history",
        subject="It has been a while, {{ customer.first_name | default: 'hello' }}",
        body=(
            "Hi {{ customer.first_name | default: 'there' }},\n\n"
            "{% if customer.last_order_at %}Your last order was on {{ customer.last_order_at }}. {% endif %}"
            "Since then a few things are new here, and we thought of you.\n\n"
            "Have a look: https://example.com\n\n"
            "See you soon,\n{{ shop }}\n"
        ),
    ),
    Starter(
        name="Thank you",
        about="For your best customers",
        icon="star",
        subject="Thank you, {{ customer.first_name | default: 'and welcome back' }}",
        body=(
            "Hi {{ customer.first_name | default: 'there' }},\n\n"
            "You have ordered {{ customer.order_count }} times with us. That is what keeps a small shop going, "
            "and we wanted to say thank you.\n\n"
            "{{ shop }}\n"
        ),
    ),
    Starter(
        name="Announcement",
        about="A headline, a few lines and one button",
        icon="megaphone",
        subject="New at {{ shop }}",
        body=(
            '<h1 style="margin:0 0 16px;font-size:24px;line-height:32px">A headline of a few words</h1>\n'
            "<p>Hi {{ customer.first_name | default: 'there' }},</p>\n"
            "<p>Say in two or three sentences what is new and why it matters to the reader.</p>\n"
            + _BUTTON.format(label="See what is new")
            + "\n<p>{{ shop }}</p>\n"
        ),
    ),
)
