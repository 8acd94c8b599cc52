"""Messages without an AI: three drafts from sentences of ours, and from the brief the words meant for customers."""

from __future__ import annotations

import re

from app.ai.copywriting.claims import Brief, unfounded
from app.ai.copywriting.draft import Assignment, MessageDraft
from app.ai.copywriting.guards import DraftFault, checked
from app.ai.copywriting.phrases import ASKS, CLOSINGS, FIRST, GREETINGS, OPENINGS, Opening
from app.ai.copywriting.purpose import Purpose

_TELL = re.compile(
    r"^(?:please\s+)?(?:(?:write|send|make|draft)\b[^.;:\n]*?\b(?:about|that|saying|to say|announcing)\s+|"
    r"(?:tell|let|inform)\s+(?:them|people|everyone|everybody|customers|our \w+|the \w+)"
    r"(?:\s+know)?(?:\s+(?:that|about|of))?\s+|"
    r"(?:announce|mention|say|remind (?:them|people|customers)(?: that| of| about)?)\s+(?:that\s+|the fact that\s+)?)",
    re.IGNORECASE,
)
_AUDIENCE = re.compile(
    r"\b(customers?|people|buyers?|shoppers?|subscribers?|segment|audience|lapsed|inactive|tone|friendly|short|words?|"
    r"sentences?|paragraphs?|email|message|subject|draft|write|win[- ]?back|"
    r"them|they|who|brief|style|mention|campaign)\b",
    re.IGNORECASE,
)
_DENYING = re.compile(r"\b(no|not|don'?t|without|never|avoid)\b", re.IGNORECASE)
_LONGEST_NEWS = 300


def from_templates(assignment: Assignment, purpose: Purpose) -> tuple[MessageDraft, ...]:
    """Three drafts for this purpose and tone, each through the same guards as a model's."""
    brief = Brief.of(assignment.brief, assignment.shop)
    news = news_of(assignment.brief)
    drafts = []
    for number, opening in enumerate(OPENINGS[purpose]):
        for said in dict.fromkeys((news, "")):
            raw = _letter(assignment, opening, number, said) if assignment.form.subject else _short(opening, said)
            try:
                drafts.append(checked(raw, assignment, brief))
            except DraftFault:
                continue
            break
    return tuple(drafts)


def news_of(brief: str) -> str:
    """The part of a brief that is meant for customers, as sentences: what follows "tell them", and clauses that hold a
    fact such as a price or a date. Words about the audience or the style stay out; empty if there is nothing else.
    """
    kept = []
    for clause in re.split(r"(?<=[.;!?])\s+|\n+|;\s*", brief.strip()):
        words = clause.strip().rstrip(".;!")
        told = _TELL.sub("", words, count=1)
        spoken = told != words
        fact = unfounded(words, Brief.of("")) is not None
        if (
            not (spoken or fact)
            or _AUDIENCE.search(told)
            or _DENYING.search(told)
            or len(told.split()) < 2
            or "{" in told
        ):
            continue
        kept.append(told[:1].upper() + told[1:] + ("" if told.endswith("?") else "."))
    news = " ".join(kept)
    return news if len(news) <= _LONGEST_NEWS else ""


def _letter(assignment: Assignment, opening: Opening, number: int, news: str) -> dict[str, str]:
    tone = assignment.tone
    parts = [GREETINGS[tone], opening.text, news, ASKS[tone][number], f"{CLOSINGS[tone]}\n{{{{ shop }}}}"]
    return {
        "subject": _named(opening.subject),
        "preview": _named(opening.preview),
        "body": "\n\n".join(part for part in parts if part) + "\n",
    }


def _short(opening: Opening, news: str) -> dict[str, str]:
    text = re.sub(r"\{%.*?%\}", "", opening.text) if "{%" not in opening.text else opening.text
    return {"body": f"Hi {FIRST}. {text}{' ' + news if news else ''} {{{{ shop }}}}"}


def _named(words: str) -> str:
    return words.replace("{name}", "{{ customer.first_name | default: 'hello' }}").replace("{shop}", "{{ shop }}")
