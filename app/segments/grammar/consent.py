"""Who may be contacted: "accepts email", "opted out of SMS", "email but not sms"; and who can be: "no phone"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.segments.grammar.prompt import Found, Lead, Node, Prompt, Remark, Unclear, group, leaf

_CHANNELS = {
    phrase: name
    for name, phrases in {
        "email_opt_in": (
            "email",
            "emails",
            "e mail",
            "e mails",
            "email marketing",
            "marketing emails",
            "email messages",
        ),
        "sms_opt_in": (
            "sms",
            "texts",
            "text messages",
            "sms messages",
            "sms marketing",
            "text marketing",
            "text message",
        ),
    }.items()
    for phrase in phrases
}
_ACCEPT = (
    "accept",
    "accepts",
    "accepted",
    "accepting",
    "accept our",
    "opted in to",
    "opted into",
    "opted in for",
    "opt in to",
    "opt in for",
    "opt into",
    "opted in to receive",
    "opted in to receiving",
    "subscribed to",
    "subscribe to",
    "subscribed to our",
    "subscribed for",
    "consented to",
    "consent to",
    "agreed to",
    "agree to",
    "agreed to receive",
    "allow",
    "allows",
    "consents to",
    "agreed to get",
    "agreed to receiving",
    "signed up for",
    "want",
    "wants",
    "can receive",
    "may receive",
    "can get",
    "allowed to receive",
    "okay with",
    "ok with",
    "consented to receive",
    "consented to receiving",
    "opted for",
    "opt in to receive",
    "opted in by",
    "opted in via",
    "opted in on",
    "enabled",
    "still subscribed to",
)
_REACHED = tuple(
    f"{verb} {way}"
    for verb in ("reachable", "contactable", "can be reached", "can be contacted", "may be contacted", "can contact",
                 "we can contact", "we can reach", "we may contact", "we may reach")
    for way in ("by", "via", "on", "through", "over")
)  # fmt: skip
_REFUSE = (
    "opted out of",
    "opt out of",
    "opted out from",
    "unsubscribed from",
    "unsubscribe from",
    "declined",
    "decline",
    "refuse",
    "refused",
    "refuses",
    "opted out for",
    "opt out from",
    "have left",
    "withdrew consent for",
    "withdrawn consent for",
    "opted out of receiving",
    "unsubscribed to",
)
_NOUNS = (
    "opt in",
    "optin",
    "opt ins",
    "consent",
    "permission",
    "subscription",
    "marketing consent",
    "marketing opt in",
)
_STATES = {
    "yes": True, ": yes": True, "= yes": True, "is yes": True, "opted in": True, "opt in yes": True, "no": False,
    ": no": False, "= no": False, "is no": False, "opted out": False, "subscribed": True, "unsubscribed": False,
    "consent yes": True, "consent no": False, "consent : yes": True, "consent : no": False, "consent given": True,
    "opt in : yes": True, "opt in : no": False, "opt in no": False, "consent is yes": True, "consent is no": False,
    "consent is given": True, "opted in : yes": True, "opt in is yes": True, "opt in is no": False,
}  # fmt: skip
"""What may stand after a channel, as in a table."""
_STATE_ENDS = ("", ",", ".", ")", "]", ";", "and", "or", "but", "?", "!")
_ADDRESS_OF = {"email_opt_in": "email", "sms_opt_in": "phone"}


def consents(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Accepts email; opted in to email but not sms; with email consent; opted out of sms."""
    accept, refuse = prompt.skip(at, *_ACCEPT), prompt.skip(at, *_REFUSE)
    start = max(accept, refuse)
    if start > at and lead.verbal:
        if prompt.has(start, "marketing", "communications", "communication", "messages", "promotions"):
            raise Unclear(
                "Do you mean email or SMS? Say “accepts email” or “accepts SMS”.", [prompt.span(at, start + 1)]
            )
        if refuse > accept and lead.negated:
            raise Unclear(f"“not {prompt.span(at, start)}” denies twice. Who should be in?")
        denied = lead.negated or refuse > accept
        found = _channels(prompt, prompt.skip(start, "both", "either", "receive", "receiving", "our"), denied, lead)
        if found is not None:
            yield found
    if prompt.has(at, "can be emailed", "can be texted") and not lead.negated:
        name = "email_opt_in" if prompt.has(at, "can be emailed") else "sms_opt_in"
        yield Found(node=leaf(name, "=", True), end=at + 3, kind="consent")
    yield from _reached(prompt, at, lead)
    yield from _noun(prompt, at, lead)


def _reached(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """Reachable by email: consent, and on request also the address itself."""
    start = prompt.skip(at, *_REACHED)
    channel = prompt.lookup(start, _CHANNELS | {"phone": "sms_opt_in"}) if start > at else None
    if channel is None or channel[0] not in prompt.catalogue.fields:
        return
    if prompt.word(start) == "phone":
        raise Unclear("Do you mean people who accept SMS, or people with a phone number?", [prompt.span(at, start + 1)])
    if prompt.lookup(prompt.skip(channel[1], "and", "or", "&"), _CHANNELS) is not None and lead.negated:
        raise Unclear("Who should be in: people who accept neither of these, or not both?")
    found = _channels(prompt, start, lead.negated, lead)
    if found is None:
        return
    name = channel[0]
    address = leaf(_ADDRESS_OF[name], "notNull")
    swap = None if lead.negated or found.end != channel[1] else (found.node, group("and", [found.node, address]))
    remark = Remark("reachable_means_consent", f"“{prompt.span(at, found.end)}” means that consent was given.", swap)
    yield Found(node=found.node, end=found.end, kind="consent", remarks=(remark,), negated=lead.negated)


def _channels(prompt: Prompt, at: int, denied: bool, lead: Lead) -> Found | None:
    """One channel, both of them, or one "but not" the other."""
    if prompt.word(at) == "neither" and not denied:
        both = _channels(prompt, at + 1, True, replace(lead, negation="not"))
        nor = both is not None and any(prompt.word(here) == "nor" for here in range(at, both.end))
        return both if nor else None
    first = prompt.lookup(at, _CHANNELS)
    if first is None or first[0] not in prompt.catalogue.fields:
        return None
    rules: list[Node] = [leaf(first[0], "=", not denied)]
    end, joint = first[1], ""
    but_not = prompt.skip(end, "but not", "and not", ", but not", "not")
    with_more = prompt.skip(end, "and", "or", "&", "nor")
    start = but_not if but_not > end else with_more
    second = prompt.lookup(prompt.skip(start, "to", "from", "of"), _CHANNELS) if start > end else None
    if second is not None and second[0] != first[0] and second[0] in prompt.catalogue.fields:
        if but_not > end:
            if denied:
                raise Unclear("Who should be in: people who accept which of email and SMS?")
            rules.append(leaf(second[0], "=", False))
            joint = "and"
        else:
            joint = _joint(prompt, end, prompt.span(at, second[1]), denied, lead)
            rules.append(leaf(second[0], "=", not denied))
        end = second[1]
    return Found(node=group(joint or "and", rules), end=end, kind="consent", negated=denied)


def _joint(prompt: Prompt, at: int, text: str, denied: bool, lead: Lead) -> str:
    """Not (email or sms) is neither; out of (email and sms) is neither too; the other two say too little."""
    word = "or" if prompt.word(at) in ("or", "nor") else "and"
    if not denied:
        return word
    if (word == "and") == lead.negated:
        raise Unclear(f"Should people who accept just one of “{text}” be in?", [text])
    return "and"


def _noun(prompt: Prompt, at: int, lead: Lead) -> Iterator[Found]:
    """With email opt-in, no SMS consent, email subscribers."""
    channel = prompt.lookup(at, _CHANNELS)
    if channel is None or channel[0] not in prompt.catalogue.fields:
        return
    name, end = channel
    state = prompt.lookup(end, _STATES) if not lead.negated else None
    if state is not None and (prompt.word(state[1]) in _STATE_ENDS):
        yield Found(node=leaf(name, "=", state[0]), end=state[1], kind="consent", negated=not state[0])
    after = prompt.skip(end, *_NOUNS, "subscribers", "subscriber")
    if after > end:
        rules: list[Node] = [leaf(name, "=", not lead.negated)]
        other = prompt.lookup(prompt.skip(after, "but not", "and not", "but no", "and no"), _CHANNELS)
        if other is not None and other[0] != name and other[0] in prompt.catalogue.fields and not lead.negated:
            rules.append(leaf(other[0], "=", False))
            after = prompt.skip(other[1], *_NOUNS)
        yield Found(node=group("and", rules), end=after, kind="consent", negated=lead.negated)
    elif lead.negation in ("no", "without") and prompt.word(end) not in ("address", "addresses", "id"):
        text = prompt.span(at, end)
        raise Unclear(f"Do you mean people without consent for {text}, or without an address for it?", [text])
