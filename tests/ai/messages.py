"""Drafts as a model writes them, one good and each way to be bad."""

from __future__ import annotations

import json
from typing import Any

BRIEF = "Tell them that the autumn shoes are here. 20% off until 30 June with the code AUTUMN20. No free shipping."

GOOD: tuple[dict[str, str], ...] = (
    {
        "subject": "Autumn shoes are here, {{ customer.first_name | default: 'hello' }}",
        "preview": "20% off until 30 June",
        "body": "Hi {{ customer.first_name | default: 'there' }},\n\nThe autumn shoes are here. "
        "Take 20% off until 30 June with the code AUTUMN20.\n\nSee you soon,\n{{ shop }}",
    },
    {
        "subject": "A word about autumn",
        "preview": "",
        "body": "Hello,\n\nour autumn shoes have found their place on the shelf. {% if customer.city %}Walk around "
        "{{ customer.city }} in them.{% endif %}\n\n{{ shop }}",
    },
    {
        "subject": "Twenty percent off autumn",
        "preview": "Until 30 June",
        "body": "<p>Hi {{ customer.first_name }},</p><p>With <b>AUTUMN20</b> you save 20% until 30 June.</p>"
        "<p>{{ shop }}</p>",
    },
)

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "invented discount": ({"body": "Take 30% off everything in the shop until 30 June."}, "claim"),
    "invented discount in words": ({"subject": "Fifty percent off autumn shoes"}, "claim"),
    "discount in other digits": ({"body": "The autumn shoes are here. Take ５０％ off until 30 June."}, "claim"),
    "discount parted by markup": ({"body": "<p>The autumn shoes: 3<b>0</b>% off until 30 June.</p>"}, "claim"),
    "discount hidden in a default": ({"subject": "{{ customer.city | default: '70% off' }}"}, "claim"),
    "discount parted by an invisible character": ({"body": "The autumn shoes: 2\u200b5% off until 30 June."}, "claim"),
    "price": ({"body": "The autumn shoes are here, now from $49 a pair."}, "claim"),
    "free shipping that the brief denies": ({"preview": "Free shipping on top"}, "claim"),
    "deadline": ({"body": "The autumn shoes are here. Only until 15 June, so be quick."}, "claim"),
    "weekday": ({"body": "The autumn shoes are here, but only through Friday."}, "claim"),
    "code": ({"body": "The autumn shoes are here. Type SUMMERFUN when you pay."}, "claim"),
    "guarantee": ({"body": "The autumn shoes are here, with a money-back guarantee."}, "claim"),
    "scarcity": ({"body": "The autumn shoes are here, and they are selling fast."}, "claim"),
    "quality": ({"body": "The autumn shoes are here, all of them organic and handmade."}, "claim"),
    "link": ({"body": 'The autumn shoes are here. <a href="https://shop.example/autumn">Look</a> at them.'}, "link"),
    "bare address": ({"body": "The autumn shoes are here, at www.cornershop.com for example."}, "claim"),
    "unknown merge tag": ({"subject": "Hello {{ customer.nickname }}"}, "liquid"),
    "attribute the shop does not have": ({"subject": "Hello {{ customer.attributes.pet }}"}, "liquid"),
    "broken Liquid": ({"body": "Hi {{ customer.first_name, the autumn shoes are here."}, "liquid"),
    "open if": ({"body": "{% if customer.city %}The autumn shoes are here for you."}, "liquid"),
    "computed number": ({"body": "The autumn shoes: {{ customer.total_spent | times: 0.5 }} is yours."}, "liquid"),
    "loop": ({"body": "{% for i in (1..9) %}The autumn shoes are here{% endfor %}"}, "liquid"),
    "line break in the subject": ({"subject": "Autumn\r\nBcc: eve@example.com"}, "subject"),
    "markup in the subject": ({"subject": "<b>Autumn shoes</b>"}, "subject"),
    "subject too long": ({"subject": "Autumn " * 30}, "length"),
    "body too long": ({"body": "The autumn shoes are here. " * 300}, "length"),
    "no body": ({"body": ""}, "length"),
    "body that is no text": ({"body": ["x"]}, "form"),
    "no subject": ({"subject": " "}, "form"),
}
"""What is changed in a good draft, and the kind of the fault it has then."""


def bad(name: str) -> dict[str, Any]:
    """A draft with this fault and no other."""
    return {**GOOD[0], **BAD[name][0]}


def lines(*drafts: dict[str, Any]) -> str:
    """Drafts as an answer: one JSON object a line."""
    return "\n".join(json.dumps(draft) for draft in drafts)
