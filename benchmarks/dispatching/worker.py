"""A worker process of the benchmark: the real worker, with the channel that is asked for.

    python benchmarks/dispatching/worker.py MONGODB_URL REDIS_URL DATA_DIR TRANSPORT

TRANSPORT is `null` (accepts everything at once), `plain:PORT` (aiosmtplib's own loop over eight connections) or an
SMTP_URL for the product's own way out. Ends on SIGTERM, as every worker does.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from aiosmtplib import SMTP

from app.campaigns.sending import chunk as sending
from app.channels.acceptances import journal
from app.channels.base import ACCEPTED, Message, Outcome
from app.channels.mime import mime_bytes
from app.channels.ways_out import acceptances_folder
from app.settings import read_settings
from tasks.worker import run_worker

LANES = 8


class NullChannel:
    """Accepts everything at once."""

    async def ready(self) -> None:
        """Always."""

    async def send(self, batch: Sequence[Message]) -> list[Outcome]:
        """Accept."""
        return [ACCEPTED] * len(batch)

    async def close(self) -> None:
        """Nothing to close."""


class PlainSmtp:
    """What one writes with aiosmtplib: eight clients, `sendmail` after `sendmail`; the journal as ours keeps it."""

    notes_offers = True

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: asyncio.Queue[SMTP] | None = None

    async def ready(self) -> None:
        """Connect the clients."""
        if self._idle is None:
            self._idle = asyncio.Queue()
            for _ in range(LANES):
                client = SMTP(hostname="127.0.0.1", port=self._port, start_tls=False, local_hostname="bench")
                await client.connect()
                self._idle.put_nowait(client)

    async def send(self, batch: Sequence[Message]) -> list[Outcome]:
        """Each message over the next free client."""
        notes = journal(acceptances_folder())
        queue = iter(batch)
        idle = self._idle
        assert idle is not None

        async def lane() -> None:
            for message in queue:
                client = await idle.get()
                notes.offer(message.id)
                await client.sendmail("shop@example.com", [message.recipient], mime_bytes(message))
                notes.note(message.id)
                idle.put_nowait(client)

        await asyncio.gather(*(lane() for _ in range(LANES)))
        return [ACCEPTED] * len(batch)

    async def close(self) -> None:
        """The process ends anyway."""


def main(mongodb: str, redis: str, folder: str, transport: str) -> None:
    """Work until told to stop."""
    settings = read_settings(
        _env_file=None,
        mongodb_url=mongodb,
        redis_url=redis,
        data_dir=Path(folder),
        smtp_url=transport if transport.startswith("smtp") else "",
        secret_key="k" * 40,
    )
    if not transport.startswith("smtp"):
        channel = NullChannel() if transport == "null" else PlainSmtp(int(transport.partition(":")[2]))
        sending.channel_for = lambda campaign: channel  # type: ignore[assignment,misc]
    run_worker(settings)


if __name__ == "__main__":
    main(*sys.argv[1:5])
