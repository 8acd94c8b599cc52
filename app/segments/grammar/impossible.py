"""What no rule can say, with the plain reason: rankings, sequences, forecasts, and whatever the shop does not know."""

# ruff: noqa: E501  (a pattern is easier to read on one line)
from __future__ import annotations

import re

_NUMBER = r"(\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|\w*teen|twenty|fifty|hundred)"
_ORDER = r"(order|purchase|transaction)"
_REASONS = {
    "Rules look at what happened, not at what may happen. Say what was done, such as “last ordered more than 90 days ago”.": (
        r"\b(un)?likely\b|\bpredict|\bpropensity|\bprobab(le|ly|ility)\b|\bforecast|\bwill\s+\w+|\bgoing to\b"
        r"|\b(might|may|could)\s+(buy|churn|order|leave|purchase|return|like|want|need|be)\b|\bchurn\s+(risk|score)"
        r"|\babout to\b|\bexpected to\b|\bintend"
    ),
    "The shop's data does not know this. A rule can ask for profile, consent, orders, campaigns and segments.": (
        r"\bweather\b|\brain(s|y|ing|ed)?\b|\bsunny\b|\btemperature\b|\bhoroscope|\bzodiac|\bincome\b|\bsalar(y|ies)\b"
        r"|\bmarried\b|\bchildren\b|\bkids\b|\breligio|\bcaste\b|\bmood\b|\bhappy\b|\bangry\b|\bfriends?\b|\bcompetitors?\b"
        r"|\bvisited\b|\bbrowsed\b|\bviewed\b|\babandoned\b|\bcart\b|\bwishlist|\breviews?\b|\bcomplain|\breturned\b"
        r"|\blogged in\b|\bipad\b|\bandroid\b|\bmobile app\b"
    ),
    "A rule cannot measure distances. Name the cities instead.": (
        r"\b\d+\s*(km|kms|kilomet\w+|miles?)\b|\bnear(by)?\s+(me|us|our|the)\b|\bradius\b"
    ),
    "A rule cannot rank people or take so many of them. Give a limit instead, such as “spent over 10k”.": (
        rf"\b(top|best|highest|biggest|largest|worst|bottom|lowest|random|latest)\s+{_NUMBER}\b"
        rf"|\b(first|last|latest|newest|oldest)\s+{_NUMBER}\s+(customers|people|buyers|users|sign|shoppers|clients|contacts)"
        rf"|\b(top|best|bottom|worst|a|the)\s+(\w+\s+)?\d+\s*(%|percent)|\d+\s*(%|percent)\s+of\b|\brandom"
        rf"|\b{_NUMBER}\s+(best|biggest|largest|most|highest|newest|oldest)\b|\b(top|highest|biggest)\s+(spender|buyer)s?\b"
        rf"|\bmost\s+(orders|money|recent\s+{_NUMBER})\b|\bspent the most\b|\bsorted by\b|\branked\b"
        rf"|\b(only|just|limit(ed)?( to)?)\s+{_NUMBER}\s+(customers|people|users|contacts)\b"
        rf"|\bmore than average\b|\babove[- ]average\b|\bbelow[- ]average\b|\bthan (the )?average\b"
    ),
    "A rule cannot compare one time or field with another. Give each its own limit.": (
        r"\bthan\s+(they|he|she|last|in|during|on|the (previous|year|month))\b.*|\bmore (often|orders|money) .*\bthan\s+(last|in|they)\b"
        r"|\b(increas|decreas|declin|grow|drop)(ed|ing|es|s)\b"
    ),
    "A rule cannot put events in an order. Give each a time of its own, such as “in the last 30 days”.": (
        r"\bthen\b|\bafterwards?\b|\bwithin\s+[\w ]+\s+(of|after|from)\s+(?!today)"
        r"|\b(after|before|since)\s+(opening|clicking|ordering|buying|receiving|getting|joining|signing|their|the (campaign|email)|it\b)"
        rf"|\b(second|third|next|previous|2nd|3rd)\s+{_ORDER}\b|\bbetween\s+(their\s+)?(first|orders)\b.*\border"
    ),
    "Rules know the day of the first and the last order, not what was in it. Say “bought Shoes” or “an order over 5k”.": (
        rf"\b(first|last|latest|most recent)\s+(ever\s+)?{_ORDER}s?\s+(was\s+|is\s+)?(over|above|under|below|more than|less than|"
        rf"for|of|worth|with|included?|contain|cancel|refund|online|in[- ]store|at least|cancelled|refunded|paid|pending|was\s+\w+)"
    ),
    "It is known whether a campaign was opened or clicked, not how often. Say “opened any campaign in the last 30 days”.": (
        rf"\b(open|click|receiv|sent|got)\w*\s+(\w+\s+){{0,3}}{_NUMBER}\+?\s*(or more\s+)?(of (our|the)\s+)?"
        r"(campaign|email|mail|message|time|newsletter)s?\b|\b(open|click)(ed)?\s+rate\b|\b(open|click)\w*\b.*\b(twice|once|times)\b"
        r"|\b(open|click)\w*\s+(all|every|most|each)\b|\bthe last (\d+|two|three|five|ten)\s+(campaign|email)s\b"
    ),
    "Rules count orders and amounts, not items or quantities.": (
        r"\b(items?|units?|pieces?|quantit(y|ies))\b(?!\s*(called|named))|\b(different|distinct|unique)\s+(products|categories)\b"
    ),
    "Rules count orders over one stretch of time, not how regularly they come. Say “at least 3 orders in the last 90 days”.": (
        r"\b(per|each|every|(?<!for )(?<!in )(?<!than )(?<!over )a)\s+(day|week|month|quarter|year)\b|\b(daily|weekly|monthly|yearly|annually|regularly)\b"
        r"|\bin a row\b|\bconsecutive\b|\bonce a\b|\btwice a\b|\bon average\b.*\b(days|weeks|months)\b"
    ),
    "This asks for something else than people. Describe who should be in the segment.": (
        r"^\s*(what|why|when|where|how|which(?! (customers?|people|clients?|buyers?|users?|shoppers?|contacts?)\b))\b|\b(cities|products|campaigns|categories|coupons)\s+(with|where|that have)\b"
        r"|^\s*(give|offer|grant|create|start|run|make|tell|show) (a |an |the |me )?(discount|coupon|campaign|report|chart|offer|joke|story)"
    ),
    "A rule cannot find people who resemble others. Describe what they have in common.": (
        r"\blook\s?-?alikes?\b|\bsimilar to\b|\bpeople like\b|\bjust like\b|\bsame (city|category|product)\b"
    ),
}  # fmt: skip
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), reason) for reason, pattern in _REASONS.items())


def impossible(prompt: str) -> str | None:
    """Why no rule can say this, for a prompt that was not understood; None when no reason is known."""
    return next((reason for pattern, reason in _PATTERNS if pattern.search(prompt)), None)
