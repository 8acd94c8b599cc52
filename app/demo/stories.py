"""The segments and campaigns that the sample shop begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

REGULARS = "Regulars who may be written to"
LAPSED = "Good customers gone quiet"


@dataclass(frozen=True, kw_only=True)
class SegmentStory:
    """One segment of the sample shop."""

    name: str
    description: str
    rule: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class CampaignStory:
    """One campaign of the sample shop, to the segment of that name; a `sent` one goes out at the first start."""

    name: str
    segment: str
    channel: str
    subject: str
    body: str
    sent: bool


SEGMENTS = (
    SegmentStory(
        name=REGULARS,
        description="Three or more orders, and happy to get email: the people to thank first.",
        rule={
            "combinator": "and",
            "rules": [
                {"field": "order_count", "operator": ">=", "value": 3},
                {"field": "email_opt_in", "operator": "=", "value": True},
            ],
        },
    ),
    SegmentStory(
        name=LAPSED,
        description="Spent 100 or more with us and have not ordered for 120 days.",
        rule={
            "combinator": "and",
            "rules": [
                {"field": "total_spent", "operator": ">=", "value": 100},
                {"field": "last_order_at", "operator": "notInLast", "value": {"amount": 120, "unit": "day"}},
            ],
        },
    ),
    SegmentStory(
        name="Jazz and blues listeners",
        description="Bought jazz or blues at least twice.",
        rule={
            "combinator": "and",
            "rules": [
                {
                    "field": "orders",
                    "measure": "count",
                    "operator": ">=",
                    "value": 2,
                    "where": {
                        "combinator": "and",
                        "rules": [{"field": "category", "operator": "in", "value": ["Jazz", "Blues"]}],
                    },
                }
            ],
        },
    ),
    SegmentStory(
        name="Signed up, not bought yet",
        description="Joined in the last 90 days and have no order so far.",
        rule={
            "combinator": "and",
            "rules": [
                {"field": "signed_up_at", "operator": "inLast", "value": {"amount": 90, "unit": "day"}},
                {"field": "order_count", "operator": "=", "value": 0},
            ],
        },
    ),
)

CAMPAIGNS = (
    CampaignStory(
        name="Thank you to our regulars",
        segment=REGULARS,
        channel="outbox",
        subject="Thank you, {{ customer.first_name }}",
        body=(
            "<h1>Thank you, {{ customer.first_name }}</h1>"
            "<p>You have ordered {{ customer.order_count }} times from us, most recently on "
            "{{ customer.last_order_at }}. We are glad that you keep coming back.</p>"
            "<p>Is there a record you have been looking for? Just reply to this message.</p>"
            '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
        ),
        sent=True,
    ),
    CampaignStory(
        name="What are you listening to?",
        segment=LAPSED,
        channel="email",
        subject="What are you listening to these days, {{ customer.first_name }}?",
        body=(
            "<p>Hello {{ customer.first_name }},</p>"
            "<p>your last order with us was on {{ customer.last_order_at }}. "
            "Tell us what you have been listening to since: just reply to this message.</p>"
            '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
        ),
        sent=False,
    ),
)
