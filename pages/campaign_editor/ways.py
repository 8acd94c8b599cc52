"""How a message can leave this installation, in words: what there is, what is missing for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from app.campaigns.audience.kinds import kind_of
from app.channels.ways_out import check_available
from app.errors import InvalidInput
from app.settings import get_settings
from models.campaign import Channel

ICONS = {
    Channel.EMAIL: "mail",
    Channel.SMS: "message-square",
    Channel.WEBHOOK: "link",
    Channel.OUTBOX: "inbox",
    Channel.SIMULATOR: "test-tube",
}
ABOUT = {
    Channel.EMAIL: "By your mail server",
    Channel.SMS: "To phone numbers",
    Channel.WEBHOOK: "To a system of yours",
    Channel.OUTBOX: "Stays in Cohort",
    Channel.SIMULATOR: "Only pretends",
}
SETTINGS = {Channel.SMS: "SMS_URL", Channel.WEBHOOK: "WEBHOOK_URL"}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One channel to choose. `about` says in two or three words what it is, or what it takes where it is `missing`."""

    channel: Channel
    label: str
    icon: str
    about: str
    missing: bool


def choices() -> list[Choice]:
    """Every channel, in the order of the page."""
    return [_choice(channel, icon) for channel, icon in ICONS.items()]


def _choice(channel: Channel, icon: str) -> Choice:
    about, missing = ABOUT[channel], False
    try:
        check_available(channel)
    except InvalidInput:
        missing = True
        about = f"Set {SETTINGS[channel]}" if channel in SETTINGS else "Not in this installation"
    if channel is Channel.EMAIL and not get_settings().smtp_url:
        about = "No mail server yet"
    return Choice(channel=channel, label=kind_of(channel).label, icon=icon, about=about, missing=missing)


def way_words(channel: str) -> str:
    """Where messages of this channel really go in this installation."""
    settings = get_settings()
    if channel == Channel.OUTBOX:
        return "Messages are kept in the outbox of Cohort and leave for nowhere."
    if channel == Channel.SIMULATOR:
        return "A vendor that only pretends: nothing leaves Cohort, and it makes the faults you choose."
    if channel == Channel.SMS:
        return f"Text messages go to {urlsplit(settings.sms_url).hostname}, for customers who agreed to them."
    if channel == Channel.WEBHOOK:
        return f"Each message is posted to {urlsplit(settings.webhook_url).hostname}."
    hosts = [urlsplit(url).hostname or "" for url in settings.smtp_url.split()]
    if hosts:
        servers = f"the mail server {hosts[0]}" if len(hosts) == 1 else f"{len(hosts)} mail servers"
        return f"Goes out by {servers}, from {settings.mail_from}."
    return "No mail server is set, so messages are kept in the built-in outbox and leave for nowhere."
