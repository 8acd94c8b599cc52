"""What a suggested message has to be before anybody may use it: honest, fillable, clean, and of a fitting length."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from app.ai.copywriting.claims import Brief, unfounded
from app.ai.copywriting.draft import Assignment, MessageDraft
from app.ai.copywriting.liquid import TooMuchLiquid, spoken
from app.ai.copywriting.markup import addresses_of, cleaned, has_markup, words_of
from app.campaigns.message.rendering import check_message
from app.errors import InvalidInput

LONGEST_SUBJECT = 120
LONGEST_PREVIEW = 150
SHORTEST_BODY = 20
NOBODY: Mapping[str, Any] = {"attributes": {}}
"""A customer of whom nothing is known: a message has to be fillable for them too."""

FaultKind: TypeAlias = Literal["form", "subject", "length", "liquid", "link", "claim"]
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_UNSUBSCRIBE = re.compile(r"\{\{-?\s*unsubscribe_url\s*-?\}\}")


class DraftFault(Exception):
    """Why a draft cannot be used. `kind` goes into the log, the message to the model and to the person."""

    def __init__(self, kind: FaultKind, message: str) -> None:
        super().__init__(message)
        self.kind: FaultKind = kind
        self.message = message


def checked(raw: Mapping[str, Any], assignment: Assignment, brief: Brief) -> MessageDraft:
    """A draft from what a model wrote. Raises DraftFault naming the first thing that is wrong with it."""
    subject, preview, body = (_text(raw, name) for name in ("subject", "preview", "body"))
    if not assignment.form.subject:
        subject = preview = ""
    draft = MessageDraft(subject=_line("subject", subject), preview=_line("preview", preview), body=cleaned(body))
    _check_lengths(draft, assignment)
    try:
        said = {name: spoken(getattr(draft, name), assignment.tags) for name in ("subject", "preview", "body")}
    except TooMuchLiquid as problem:
        raise DraftFault("liquid", str(problem)) from problem
    for address in addresses_of(draft.body):
        if not _UNSUBSCRIBE.fullmatch(address) and address.rstrip("/").casefold() not in brief.text:
            raise DraftFault("link", f"it links to {address[:80]}, which the brief does not give")
    for name, words in said.items():
        if claim := unfounded(words_of(words) if name == "body" else words, brief):
            raise DraftFault("claim", f"the {name} says {claim}, which the brief does not")
    _check_filled_in(draft)
    return draft


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    if value is None and name == "preview":
        return ""
    if value is None and name == "subject":
        return ""
    if not isinstance(value, str):
        raise DraftFault("form", f"{name} has to be text")
    return value


def _line(name: str, value: str) -> str:
    line = cleaned(value.strip())
    if _CONTROL.search(line):
        raise DraftFault("subject", f"the {name} has to be one line without control characters")
    if has_markup(line):
        raise DraftFault("subject", f"the {name} has to be plain text")
    return line


def _check_lengths(draft: MessageDraft, assignment: Assignment) -> None:
    form = assignment.form
    if form.subject and not draft.subject:
        raise DraftFault("form", "the subject is missing")
    for name, longest in (("subject", LONGEST_SUBJECT), ("preview", LONGEST_PREVIEW), ("body", form.longest_body)):
        length = len(getattr(draft, name))
        if length > longest:
            raise DraftFault("length", f"the {name} has {length:,} characters; at most {longest:,} are possible")
    if len(draft.body) < SHORTEST_BODY:
        raise DraftFault("length", "the body is nearly empty")
    if not form.subject and has_markup(draft.body):
        raise DraftFault("form", "the body of a text message has to be plain text")


def _check_filled_in(draft: MessageDraft) -> None:
    """Fill it in for a whole and for an empty customer; also the preview, as if it were a subject."""
    try:
        for customer in (None, NOBODY):
            check_message(draft.subject or "-", draft.body, customer=customer)
            check_message(draft.preview or "-", draft.body, customer=customer)
    except InvalidInput as problem:
        raise DraftFault("liquid", problem.detail) from problem
