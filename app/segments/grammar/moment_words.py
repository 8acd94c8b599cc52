"""The words for signing up, for the first and last order, and for birthdays."""

from __future__ import annotations

SIGNED_UP = (
    "signed up", "sign up", "signups", "sign ups", "new signups", "new sign ups", "registrations", "signing up",
    "sign up date", "sign up date is", "signed up date", "signup date", "signup date is", "joined", "join", "joined us",
    "registered", "register", "registered with us", "signed up with us", "signed up for an account", "enrolled",
    "created an account", "created their account", "became a customer", "became customers", "became customers of ours",
    "became a customer of ours", "new registrations", "account created", "account was created", "accounts created",
    "profile created", "opened an account", "signed up date is", "registration date", "registration date is",
    "signed up on", "joining date", "join date", "join date is", "date joined", "date joined is", "created at",
    "created", "signed up with the shop", "newly registered", "newly joined", "added", "onboarded", "joined our list",
    "made an account", "signedup", "signed up sometime",
)  # fmt: skip
_ORDERED = (
    "order", "ordered", "purchase", "purchased", "bought", "order was", "purchase was", "order is", "order date",
    "order placed", "shopped", "order date is", "order made", "ordered from us", "bought from us", "purchase date",
    "order was placed", "purchase was made", "purchase is", "bought something", "bought anything", "shopped with us",
    "order date was", "purchase date is", "purchase made",
)  # fmt: skip
FIRST_ORDER = (
    *(
        f"{first} {noun}"
        for first in (
            "first", "their first", "the first", "whose first", "had their first", "placed their first", "had first",
            "made their first", "made first", "placed first", "made a first", "placed a first", "their very first",
            "placed the first", "made the first", "whose very first", "very first", "put in their first",
        )
        for noun in _ORDERED
    ),
    "ordered for the first time", "bought for the first time", "purchased for the first time", "first time ordered",
    "ordered first", "bought first", "first order at", "first ordered on",
)  # fmt: skip
LAST_ORDER = (
    *(
        f"{last} {noun}"
        for last in (
            "last", "latest", "most recent", "most recently", "their last", "the last", "whose last",
            "their most recent", "their latest", "the most recent", "placed their last", "made their last",
            "had their last",
            "whose most recent", "whose latest", "placed their most recent", "made their most recent", "placed last",
        )
        for noun in _ORDERED
    ),
    "ordered last", "last order at", "bought last", "ordered most recently",
)  # fmt: skip
BIRTHDAYS = tuple(
    f"{before}{noun}{after}"
    for before in ("", "a ", "their ", "whose ", "celebrate their ", "celebrating their ", "celebrate a ", "having a ",
                   "celebrating a ", "with a ", "celebrating ", "have their ", "having their ", "upcoming ")
    for noun in ("birthday", "birthdays", "bday", "bdays", "birth day")
    for after in ("", " is", " falls", " falls on", " coming up", " is coming up", " are", " falling", " comes",
                  " fall", " coming", " is on", " comes up")
)  # fmt: skip
