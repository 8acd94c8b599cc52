"""The sentences that templates are made of, by purpose and tone. None promises anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.ai.copywriting.draft import Tone
from app.ai.copywriting.purpose import Purpose

FIRST = "{{ customer.first_name | default: 'there' }}"


@dataclass(frozen=True, kw_only=True)
class Opening:
    """How one draft begins: its subject, its preview line, its first paragraph."""

    subject: str
    preview: str
    text: str


OPENINGS: Mapping[Purpose, tuple[Opening, Opening, Opening]] = {
    Purpose.WINBACK: (
        Opening(
            subject="It has been a while, {name}",
            preview="We thought of you",
            text="It has been a while since we last heard from you, and we thought of you.",
        ),
        Opening(
            subject="{name}, we have missed you",
            preview="A short hello from {shop}",
            text="{% if customer.last_order_at %}Your last order here was on {{ customer.last_order_at }}. {% endif %}"
            "We would be glad to see you again.",
        ),
        Opening(
            subject="Is everything all right, {name}?",
            preview="Tell us if something was not as it should be",
            text="You used to stop by, and lately you have not. "
            "If something was not as it should be, we would like to know.",
        ),
    ),
    Purpose.WELCOME: (
        Opening(
            subject="Welcome to {shop}, {name}",
            preview="Good to have you with us",
            text="Welcome, and thank you for choosing us. It is good to have you here.",
        ),
        Opening(
            subject="{name}, good to meet you",
            preview="A few words to begin with",
            text="You have found your way to {{ shop }}, and we wanted to say hello in person.",
        ),
        Opening(
            subject="How was your start with {shop}?",
            preview="We read every answer",
            text="You are with us for a short time now. How has it been so far? We read every answer.",
        ),
    ),
    Purpose.THANKS: (
        Opening(
            subject="Thank you, {name}",
            preview="We do not say it often enough",
            text="You are one of the people who keep {{ shop }} going, and we do not say it often enough: thank you.",
        ),
        Opening(
            subject="{name}, this is about you",
            preview="A thank-you, nothing else",
            text="Every time your name comes up in our orders, somebody here smiles. Thank you for your trust.",
        ),
        Opening(
            subject="What you mean to {shop}",
            preview="A few honest words",
            text="A shop is only as good as the people who come back to it. "
            "You do, and we wanted you to know that we notice.",
        ),
    ),
    Purpose.BIRTHDAY: (
        Opening(
            subject="Happy birthday, {name}",
            preview="All the best from {shop}",
            text="Happy birthday. All of us at {{ shop }} wish you a wonderful year.",
        ),
        Opening(
            subject="{name}, it is your day",
            preview="Warm wishes from all of us",
            text="It is your birthday, and we did not want to let it pass without a word. All the best from all of us.",
        ),
        Opening(
            subject="A birthday wish from {shop}",
            preview="Have a lovely day",
            text="Have a lovely birthday, with people you like and something good to eat.",
        ),
    ),
    Purpose.FEEDBACK: (
        Opening(
            subject="How did we do, {name}?",
            preview="A short answer helps us",
            text="You have bought from us, so you know best what we do well and what we do not. How did we do?",
        ),
        Opening(
            subject="{name}, may we ask you something?",
            preview="It takes a moment",
            text="We would like to hear what you think of {{ shop }}. A line is enough.",
        ),
        Opening(
            subject="What should {shop} do better?",
            preview="Your answer reaches a person",
            text="What would make {{ shop }} better for you? Your answer reaches a person, not a form.",
        ),
    ),
    Purpose.NEWS: (
        Opening(
            subject="A note from {shop}, {name}",
            preview="Something we wanted you to know",
            text="There is something we wanted you to know.",
        ),
        Opening(
            subject="{name}, a word from {shop}",
            preview="Short and to the point",
            text="We have something to tell you, and we will keep it short.",
        ),
        Opening(
            subject="For you, from {shop}",
            preview="We thought of you",
            text="When we planned this, we thought of the people who know us, so here it is.",
        ),
    ),
}

GREETINGS: Mapping[Tone, str] = {
    Tone.FRIENDLY: f"Hi {FIRST},",
    Tone.PLAIN: f"Hello {FIRST},",
    Tone.WARM: f"Dear {FIRST},",
    Tone.PLAYFUL: f"Hey {FIRST},",
    Tone.URGENT: f"Hello {FIRST},",
}
ASKS: Mapping[Tone, tuple[str, str, str]] = {
    Tone.FRIENDLY: (
        "Stop by when it suits you, or just reply to this message.",
        "If you have a question, reply and one of us answers.",
        "We are happy about every answer.",
    ),
    Tone.PLAIN: (
        "You can reply to this message.",
        "If you have a question, reply to this message.",
        "Reply if there is anything you want to tell us.",
    ),
    Tone.WARM: (
        "Whatever you need, we are here for you.",
        "Write to us whenever you like; somebody who cares will read it.",
        "It would mean a lot to hear from you.",
    ),
    Tone.PLAYFUL: (
        "Come and say hello, we do not bite.",
        "Hit reply, we love a good chat.",
        "Drop us a line, even a silly one.",
    ),
    Tone.URGENT: (
        "Please have a look today.",
        "Please reply today if you have a question.",
        "Please tell us today what you think.",
    ),
}
CLOSINGS: Mapping[Tone, str] = {
    Tone.FRIENDLY: "See you soon,",
    Tone.PLAIN: "Regards,",
    Tone.WARM: "With warm wishes,",
    Tone.PLAYFUL: "Cheers,",
    Tone.URGENT: "Thank you,",
}
