"""Addresses that a customer has or lacks: "no phone number", "without an email", "gmail users"."""

from __future__ import annotations

from collections.abc import Iterator

from app.segments.grammar.prompt import Found, Lead, Node, Prompt, Remark, Unclear, group, leaf

_ADDRESSES = {
    "email address": "email", "email id": "email", "email addresses": "email", "e mail address": "email",
    "mail id": "email", "mail address": "email", "phone": "phone", "phone number": "phone", "phone numbers": "phone",
    "mobile number": "phone", "telephone number": "phone", "mobile": "phone", "phone no": "phone",
    "contact number": "phone", "cell phone": "phone", "cell number": "phone", "mobile phone": "phone",
    "mobile phone number": "phone", "telephone": "phone", "valid email": "email", "valid phone number": "phone",
}  # fmt: skip
_WITH_ARTICLE = {"email": "email", "e mail": "email", "mail": "email", "phone": "phone"}
"""With an article these are addresses; without one, "no email" may be about consent."""
_ARTICLES = ("a", "an", "any", "the", "their", "both an", "both a")
_ABSENT = ("is missing", "is empty", "is not set", "is unknown", "missing", "unknown", "is blank", "is not known")
_PRESENT = ("is set", "on file", "is known", "is present", "on record", "is not empty", "available", "is available")
_HAVING = ("with", "have", "has", "having", "both")
_DOMAINS = {
    "gmail": "@gmail.com", "hotmail": "@hotmail.com", "rediffmail": "@rediffmail.com", "icloud": "@icloud.com",
    "gmail.com": "@gmail.com", "hotmail.com": "@hotmail.com", "outlook.com": "@outlook.com",
    "yahoo.com": "@yahoo.com", "icloud.com": "@icloud.com", "rediffmail.com": "@rediffmail.com",
    "yahoo.co.in": "@yahoo.co.in",
}  # fmt: skip
"""Providers with one domain of that name (their sign-up pages), and domains as such."""
_MAILBOX = ("users", "user", "addresses", "address", "emails", "email", "email addresses", "email address", "accounts",
            "account", "customers", "email ids", "email id", "id", "ids")  # fmt: skip


def addresses(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """With a phone number; without an email; missing email address; an email but no phone number."""
    first = _address(prompt, at, lead)
    if first is None:
        return
    yield first
    joint = prompt.skip(first.end, "and", "but", "or", ", but")
    second_lead = prompt.skip(joint, "no", "not", "without", "have no", "no valid") if joint > first.end else joint
    if joint == first.end:
        return
    denied = second_lead > joint
    second = _plain_address(prompt, second_lead) or _bare_address(prompt, second_lead, denied)
    word = prompt.word(first.end)
    if second is None or second[0] == first.node["field"] or (lead.negated and (denied or word == "and")):
        return
    if (word == "or" and denied) or (prompt.word(second[1]) in ("but", "is", "are")):
        return
    absent = lead.negated != denied
    node = group(
        "or" if word == "or" and not lead.negated else "and",
        [first.node, leaf(second[0], "null" if absent else "notNull")],
    )
    yield Found(node=node, end=second[1], kind="address", negated=first.negated or absent)


def _bare_address(prompt: Prompt, at: int, denied: bool) -> tuple[str, int] | None:
    """A phone but no email: after another address this is one too, not a consent."""
    known = prompt.lookup(at, _WITH_ARTICLE) if denied else None
    ends = known is not None and prompt.word(known[1]) in ("", ",", ".", ")", "]", "?", "!", ";")
    return known if ends and known is not None and known[0] in prompt.catalogue.fields else None


def providers(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Gmail users; using gmail; with a gmail address."""
    said = prompt.skip(at, *(f"email {noun} {verb}" for noun in ("domain",) for verb in ("is", "=", ":", "equals")))
    written = prompt.token(said) if said > at else None
    if written is not None and written.kind == "raw" and "." in written.word and not lead.negated:
        node = leaf("email", "endsWith", "@" + written.text.lstrip("@"))
        yield Found(node=node, end=said + 1, kind="address")
    start = prompt.skip(at, "using", "with", "a", "with a", "on", "use", "uses", "who use", "an", "having a", "have a")
    token = prompt.token(start)
    domain = _DOMAINS.get(token.word) if token is not None and token.kind in ("word", "raw") else None
    if domain is None or "email" not in prompt.catalogue.fields or lead.negation in ("no", "without", "never"):
        return
    end = prompt.skip(start + 1, *_MAILBOX)
    used = prompt.word(start - 1) in ("using", "use", "uses", "on", "with")
    if end == start + 1 and not used:
        return
    text = prompt.span(start, start + 1)
    if lead.negated:
        raise Unclear(f"Should people without any email be in with “not {text}”?", [text])
    remark = Remark("email_domain", f"“{text}” means that the email ends with {domain}.")
    yield Found(node=leaf("email", "endsWith", domain), end=end, kind="address", remarks=(remark,))


def _address(prompt: Prompt, at: int, lead: Lead) -> Found | None:
    missing = prompt.skip(at, "missing", "lacking", "lack", "lacks", "missing their")
    known = _plain_address(prompt, missing)
    if known is None:
        return None
    name, end = known
    absent, present = prompt.skip(end, *_ABSENT), prompt.skip(end, *_PRESENT)
    if lead.negated and (missing > at or absent > end or (present > end and prompt.word(end) == "is")):
        raise Unclear("Two negations in one condition: who should be in?")
    bare = missing == at and max(absent, present) == end and not lead.negated
    article = prompt.skip(at, *_ARTICLES) > at
    if bare and not article and prompt.word(at - 1) not in _HAVING:
        return None
    denied = lead.negated or missing > at or absent > end
    node: Node = leaf(name, "null" if denied else "notNull")
    return Found(node=node, end=max(absent, present), kind="address", negated=denied)


def _plain_address(prompt: Prompt, at: int) -> tuple[str, int] | None:
    """The field that is named here, with where its name ends."""
    start = prompt.skip(at, *_ARTICLES, "both")
    known = prompt.lookup(start, _ADDRESSES)
    if known is None and (start > at and prompt.word(start - 1) != "the"):
        known = prompt.lookup(start, _WITH_ARTICLE)
    if known is None or known[0] not in prompt.catalogue.fields:
        return None
    more = prompt.has(known[1], "opt", "consent", "campaign", "campaigns", "marketing", "subscription", "permission",
                      "subscribers", "subscriber", "from", "optin")  # fmt: skip
    return None if more else known
