"""Which channel object carries which kind of campaign in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.channels.acceptances import Acceptances
from app.channels.base import Channel
from app.channels.outbox import OutboxChannel
from app.channels.smtp import SmtpChannel
from app.channels.smtp_server import SmtpServer
from app.errors import InvalidInput
from app.settings import get_settings
from models.campaign import Channel as Kind

AVAILABLE = (Kind.EMAIL, Kind.OUTBOX)

_open: dict[tuple[str, asyncio.AbstractEventLoop], Channel] = {}


def check_available(kind: Kind) -> None:
    """Raise InvalidInput naming `channel` unless this installation can send that way."""
    if kind not in AVAILABLE:
        raise InvalidInput.of("channel", f"{kind.value} is not available in this installation yet; choose email")


def channel_for(campaign: Mapping[str, Any]) -> Channel:
    """The way out for this raw campaign (`channel` and what belongs to it) on the running loop."""
    return channel_of(Kind(campaign["channel"]))


def channel_of(kind: Kind) -> Channel:
    """The way out for this kind on the running loop: SMTP for email while SMTP_URL is set, else the outbox.

    Raises InvalidInput for a kind that is not available, SettingsError for a wrong SMTP_URL.
    """
    check_available(kind)
    url = get_settings().smtp_url if kind is Kind.EMAIL else ""
    key = (url, asyncio.get_running_loop())
    if key not in _open:
        _open[key] = _smtp(url) if url else OutboxChannel()
    return _open[key]


def acceptances_folder() -> Path:
    """Where this machine's processes note what a mail server has taken."""
    return get_settings().data_dir / "accepted"


def _smtp(url: str) -> SmtpChannel:
    return SmtpChannel(SmtpServer.of(url), accepted=Acceptances(acceptances_folder()).note)


async def close_channels() -> None:
    """Close what the running loop opened, and forget what belongs to loops that ended."""
    loop = asyncio.get_running_loop()
    for key in [key for key in _open if key[1] is loop or key[1].is_closed()]:
        channel = _open.pop(key)
        if key[1] is loop:
            await channel.close()
