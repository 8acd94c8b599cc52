"""Words that mean something only the shop knows, with the question to ask; and input that is no description at all."""

from __future__ import annotations

import re

_GOOD = (
    "What makes a customer {word}: total spent, number of orders, or recency? Give a number, such as “spent over 10k”."
)
_TIME = "How long is “{word}”? Give a time, such as “ordered in the last 30 days”."
_MUCH = "How much is “{word}”? Give a number, such as “spent over 10k” or “more than 5 orders”."

_AGES = "Which ages do you mean by “{word}”? Give a number, such as “older than 30”."
_PLACES = "Which places do you mean by “{word}”?"
_FISCAL = (
    "Cohort knows calendar years and quarters, not the financial year. Which dates are meant by “{word}”? "
    "Say “between 1 April 2026 and 30 June 2026”."
)
_DATES = "Which dates are meant by “{word}”? Say “since 1 March 2026” or “between 1 March and 31 March 2026”."
_SHARE = "Cohort cannot take a share of people. Give a limit, such as “spent over 10k”."
_CHANNEL = "Is this about email or SMS? Say “opted out of email” or “accepts SMS”."
_NAME = "Is the whole name meant, the first name, or a part? Say “first name is Priya” or “name contains priya”."
_QUESTIONS = {
    _FISCAL: """fiscal financial fy fye quarterly halfyear h1 h2 q1 q2 q3 q4""",
    _DATES: """summer winter spring autumn monsoon diwali deepavali christmas xmas holi eid ramadan onam pongal navratri
    dussehra easter thanksgiving season festive festival holidays weekend weekends weekday weekdays monday tuesday
    wednesday thursday friday saturday sunday mon tue wed thu fri""",
    _SHARE: """percent percentile decile quartile half third""",
    _NAME: """named called""",
    _CHANNEL: """unsubscribed subscribed subscribers opted reachable contactable""",
    _GOOD: """good nice best great top loyal valuable vips important premium favourite favorite ideal promising worst
    bad""",
    _MUCH: """big large huge small high low heavy frequent often rarely seldom regular many several few lots lot much
    expensive cheap rich wealthy some couple whales regulars multiple spenders spender""",
    _TIME: """recent recently active inactive new newest old lapsed dormant churned churning lately soon long engaged
    unengaged disengaged sleeping lost fresh stale upcoming longtime""",
    _AGES: """young younger older elderly senior seniors teens teenagers adults""",
    _PLACES: """local nearby near foreign overseas domestic""",
}
VAGUE = {word: question for question, words in _QUESTIONS.items() for word in words.split()}
"""Vague words, each with what to ask."""

_QUERY = re.compile(
    r"""
    \bregex(p)?\b | \bregular\s+expressions?
  | \$(where|function|expr|regex|gt|lt|ne|in|or|and|not|match|lookup|accumulator)\b
  | [{}`\\] | \bselect\b.*\bfrom\b.*(\bwhere\b|;|\*) | \bselect\s*\*
  | \b(drop|truncate|alter)\s+(table|collection|database)\b | \bunion\s+select\b | \binsert\s+into\b | ;\s*--
  | <\s*/?\s*(script|img|svg|iframe)\b | \bjavascript: | \bdb\.\w+ | \bsleep\s*\(
  | \b(eval|exec|function|system)\s*\( | \.\* | \(\?[:=!<] | [+*]\)[+*$] | \|\| | &&
  | \b(ignore|disregard|forget|override)\b.{0,40}\b(instruction|prompt|rule|above|previous)s? | \bsystem\s+prompt\b
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_ACTION = re.compile(
    r"^\s*(please\s+|now\s+|then\s+)*(delete|remove|erase|update|send|email|e-mail|text|sms|export|download|import|"
    r"unsubscribe|refund|charge|merge|edit|change|set|write|draft|schedule|launch)\b",
    re.IGNORECASE,
)
_SENDING = re.compile(
    r"^\s*(please\s+)*(email|e-mail|text|sms)\s*"
    r"(\b(opt|opted|does|do|not|subscribers?|subscribed|unsubscribed|consent|contains|ends|starts|is|begins|domain|address|"
    r"unknown|missing|yes|no)\b|=|:)",
    re.I,
)


def vague_question(word: str) -> str | None:
    """What to ask about a vague word; None when it is not one."""
    question = VAGUE.get(word)
    return question.format(word=word) if question else None


def refusal(prompt: str) -> str | None:
    """Why a prompt is refused before it is read: it is a query, code, or asks to do something. None otherwise."""
    if _QUERY.search(prompt):
        return "This looks like a query or code. Describe people in plain words, such as “spent over 10k this year”."
    if _ACTION.match(prompt) and not _SENDING.match(prompt):
        return (
            "This asks to do something. Describe only who should be in the segment; what happens to them comes later."
        )
    return None
