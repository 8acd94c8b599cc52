"""Which channel object carries which kind of campaign in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

from app.channels.acceptances import journal
from app.channels.base import Channel
from app.channels.http_sender import HttpSender
from app.channels.mapping import DEFAULT, JsonMapping
from app.channels.outbox import OutboxChannel
from app.channels.servers import mail_channel
from app.channels.sms import SmsChannel
from app.channels.webhook import WebhookChannel
from app.errors import InvalidInput
from app.settings import Settings, get_settings
from models.campaign import Channel as Kind

_open: dict[tuple[Hashable, asyncio.AbstractEventLoop], Channel] = {}


def available() -> tuple[Kind, ...]:
    """The kinds this installation can send by, as its settings are now."""
    return tuple(kind for kind in Kind if missing_setting(kind) is None)


def missing_setting(kind: Kind) -> str | None:
    """The setting without which this kind cannot be used here, or None when it can."""
    settings = get_settings()
    if kind is Kind.SMS and not settings.sms_url:
        return "SMS_URL"
    if kind is Kind.WEBHOOK and not settings.webhook_url:
        return "WEBHOOK_URL"
    return None


def check_available(kind: Kind) -> None:
    """Raise InvalidInput naming `channel` and the setting that is missing unless this installation can send so."""
    setting = missing_setting(kind)
    if setting is not None:
        raise InvalidInput.of("channel", f"{kind.value} needs the setting {setting}; set it, or choose email")


def channel_for(campaign: Mapping[str, Any]) -> Channel:
    """The way out for this raw campaign (`channel` and what belongs to it) on the running loop.

    Raises InvalidInput for a kind that is not available, SettingsError for a wrong setting.
    """
    kind = Kind(campaign["channel"])
    if kind is not Kind.SIMULATOR:
        return channel_of(kind)
    key = (kind, str(campaign.get("_id")), repr(campaign.get("simulation")), get_settings().data_dir)
    return _opened(key, lambda: _simulator(campaign))


def channel_of(kind: Kind) -> Channel:
    """The way out for this kind on the running loop: SMTP for email while SMTP_URL is set, else the outbox.

    Raises InvalidInput for a kind that is not available, SettingsError for a wrong setting.
    """
    check_available(kind)
    settings = get_settings()
    if kind is Kind.SIMULATOR:
        return channel_for({"channel": kind})
    if kind is Kind.SMS:
        config = (settings.sms_url, settings.sms_token, settings.sms_secret, settings.sms_body, settings.data_dir)
        return _opened((kind, *config), lambda: _sms(settings))
    if kind is Kind.WEBHOOK:
        config_of_hook = (settings.webhook_url, settings.webhook_secret, settings.data_dir)
        return _opened((kind, *config_of_hook), lambda: _webhook(settings))
    if kind is Kind.EMAIL and settings.smtp_url:
        return _opened((kind, settings.smtp_url, settings.data_dir), lambda: _smtp(settings.smtp_url))
    return _opened((Kind.OUTBOX,), OutboxChannel)


def acceptances_folder() -> Path:
    """Where this machine's processes note what was offered and what was taken."""
    return get_settings().data_dir / "accepted"


async def close_channels() -> None:
    """Close what the running loop opened, and forget what belongs to loops that ended."""
    loop = asyncio.get_running_loop()
    for key in [key for key in _open if key[1] is loop or key[1].is_closed()]:
        channel = _open.pop(key)
        if key[1] is loop:
            await channel.close()


def _opened(config: Hashable, make: Callable[[], Channel]) -> Channel:
    """The one object of this configuration on the running loop."""
    key = (config, asyncio.get_running_loop())
    if key not in _open:
        _open[key] = make()
    return _open[key]


def _smtp(urls: str) -> Channel:
    notes = journal(acceptances_folder())
    return mail_channel(urls, accepted=notes.note, offer=notes.offer, turn=notes.turn)


def _simulator(campaign: Mapping[str, Any]) -> Channel:
    # It keeps receipts for later, so it needs the rooms that need this one.
    from app.channels.simulator import SimulatorChannel

    notes = journal(acceptances_folder())
    return SimulatorChannel(campaign, accepted=notes.note, offer=notes.offer)


def _sms(settings: Settings) -> SmsChannel:
    notes = journal(acceptances_folder())
    sender = HttpSender(
        settings.sms_url,
        setting="SMS_URL",
        token=settings.sms_token.get_secret_value(),
        secret=settings.sms_secret.get_secret_value(),
        accepted=notes.note,
        offer=notes.offer,
    )
    return SmsChannel(sender, JsonMapping(settings.sms_body or DEFAULT))


def _webhook(settings: Settings) -> WebhookChannel:
    notes = journal(acceptances_folder())
    secret = settings.webhook_secret.get_secret_value()
    return WebhookChannel(
        HttpSender(settings.webhook_url, setting="WEBHOOK_URL", secret=secret, accepted=notes.note, offer=notes.offer)
    )
