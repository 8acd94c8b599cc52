"""The segments and campaigns that the sample shop begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REGULARS = "Regulars who may be written to"
LAPSED = "Good customers gone quiet"
LISTENERS = "Jazz and blues listeners"
NEW = "Signed up, not bought yet"


@dataclass(frozen=True, kw_only=True)
class SegmentStory:
    """One segment of the sample shop."""

    name: str
    description: str
    rule: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class CampaignStory:
    """One campaign of the sample shop, to the segment of that name; a `sent` one goes out at the first start.

    `monday` is the local time of the next Monday at which a repeated one begins; `plan` has further fields of it.
    """

    name: str
    segment: str
    channel: str
    subject: str
    body: str
    sent: bool
    monday: str | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)


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
        name=LISTENERS,
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
        name=NEW,
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
    CampaignStory(
        name="New on the shelves",
        segment=REGULARS,
        channel="simulator",
        subject="New on the shelves, {{ customer.first_name }}",
        body=(
            "<p>Hello {{ customer.first_name }},</p>"
            "<p>we have unpacked the new records of this month. Come by and listen before you buy.</p>"
            '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
        ),
        sent=True,
        plan={
            "preview_text": "Unpacked this week, yours to listen to",
            "simulation": {"seed": 7, "failed": 0.08, "bounced": 0.03, "complained": 0.005, "unclear": 0.03},
        },
    ),
    CampaignStory(
        name="A try with another vendor",
        segment=REGULARS,
        channel="simulator",
        subject="Shop news, {{ customer.first_name }}",
        body=(
            "<p>Hello {{ customer.first_name }},</p>"
            "<p>we try out another way to send our news. Did it reach you? Just reply to this message.</p>"
            '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
        ),
        sent=True,
        plan={"simulation": {"seed": 11, "failed": 0.55}, "throttle_per_second": 40},
    ),
    CampaignStory(
        name="Record of the week",
        segment=LISTENERS,
        channel="outbox",
        subject="The record of the week",
        body=(
            "<p>Hello {{ customer.first_name }},</p>"
            "<p>this week we keep coming back to one record. Ask for it at the counter and we put it on.</p>"
            '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
        ),
        sent=True,
        monday="09:00",
        plan={"repeat": {"every": 1, "unit": "week"}},
    ),
    CampaignStory(
        name="Welcome to the shop",
        segment=NEW,
        channel="outbox",
        subject="Welcome, {{ customer.first_name }}",
        body=(
            "<p>Hello {{ customer.first_name }},</p>"
            "<p>good to have you here. If you look for something in particular, just reply to this message.</p>"
            '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
        ),
        sent=True,
        plan={"standing": True},
    ),
)
