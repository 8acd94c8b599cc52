"""Several mail servers as one: mails go by weight to those that are up, and move on when one goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from redis.exceptions import RedisError

from app.campaigns.pacing import take_server
from app.channels.base import Channel, Message, Outcome, Result, Unreachable
from app.channels.smtp import SmtpChannel
from app.channels.smtp_url import servers_of

TOGETHER_SECONDS = 0.2
"""How long the first server to be open waits for the others, so that the first mails are shared out too."""

ROOM_SECONDS = 0.8
"""How long a batch waits for servers that are at their limit. What is left then comes back, so a pause is not late."""


_TOKEN_WAIT = 0.05


def mail_channel(
    urls: str,
    *,
    accepted: Callable[[str], None] | None = None,
    offer: Callable[[str], bool] | None = None,
    turn: Callable[[str, str], bool] | None = None,
) -> Channel:
    """The way out that SMTP_URL describes. Raises SettingsError in one line."""
    channels = [SmtpChannel(server, accepted=accepted, offer=offer, turn=turn) for server in servers_of(urls)]
    alone = len(channels) == 1 and not channels[0].server.per_second
    return channels[0] if alone else Servers(channels)


class Servers:
    """A channel over channels. Only what a server has certainly not taken is ever given to another."""

    notes_offers = True

    def __init__(self, channels: Sequence[SmtpChannel]) -> None:
        self._preferred = [one for one in channels if one.server.weight]
        self._reserve = [one for one in channels if not one.server.weight]
        self._credit = dict.fromkeys(channels, 0.0)

    @property
    def at_once(self) -> int:
        """Mails under way at the same time at most, while the reserve rests."""
        return sum(one.at_once for one in self._preferred or self._reserve)

    async def ready(self) -> None:
        """Return when one server is open; those of weight 0 are asked when no other is. Raises Unreachable."""
        for group in (self._preferred, self._reserve):
            if any(one.open for one in group) or await _first_open(group):
                return
        raise self._all_away()

    async def send(self, batch: Sequence[Message]) -> list[Outcome]:
        """Hand over a batch. `untouched` with `slow_down` means that every server is at its limit just now."""
        outcomes = [Outcome(result=Result.UNTOUCHED)] * len(batch)
        until = asyncio.get_running_loop().time() + ROOM_SECONDS
        await self._spread(batch, list(range(len(batch))), outcomes, until, frozenset())
        return outcomes

    async def close(self) -> None:
        """Close each."""
        await asyncio.gather(*(one.close() for one in self._credit))

    async def _spread(
        self,
        batch: Sequence[Message],
        places: list[int],
        outcomes: list[Outcome],
        until: float,
        tried: frozenset[SmtpChannel],
    ) -> None:
        """Share these out among the servers that have not given them back yet."""
        usable = self._usable(tried)
        if not usable:
            away = Outcome(result=Result.UNTOUCHED, words=self._all_away().detail)
            for place in places:
                # One that was turned away by a limit keeps saying so.
                outcomes[place] = outcomes[place] if outcomes[place].slow_down else away
            return
        shares = self._shares(usable, places)
        await asyncio.gather(
            *(self._by(one, batch, share, outcomes, until, tried) for one, share in shares.items() if share)
        )

    async def _by(
        self,
        one: SmtpChannel,
        batch: Sequence[Message],
        share: list[int],
        outcomes: list[Outcome],
        until: float,
        tried: frozenset[SmtpChannel],
    ) -> None:
        others = tried | {one}
        left = share
        while left:
            room = await _room(one, len(left))
            go, left = left[:room], left[room:]
            back = await self._hand_over(one, batch, go, outcomes) if go else []
            if back:
                await self._spread(batch, back + left, outcomes, until, others)
                return
            if left and (self._usable(others) or asyncio.get_running_loop().time() + _TOKEN_WAIT > until):
                for place in left:
                    outcomes[place] = _no_room(one)
                await self._spread(batch, left, outcomes, until, others)
                return
            if left:
                await asyncio.sleep(_TOKEN_WAIT)

    async def _hand_over(
        self, one: SmtpChannel, batch: Sequence[Message], share: list[int], outcomes: list[Outcome]
    ) -> list[int]:
        """Those that came back untouched because the server is away."""
        found = await one.send([batch[place] for place in share])
        for place, outcome in zip(share, found, strict=True):
            outcomes[place] = outcome
        return [place for place in share if outcomes[place].result is Result.UNTOUCHED and outcomes[place].words]

    def _usable(self, tried: frozenset[SmtpChannel]) -> list[SmtpChannel]:
        """Who can be given mail now. A server whose pause is over is looked at in the background."""
        for group in (self._preferred, self._reserve):
            for one in group:
                one.probe()
            if usable := [one for one in group if one.open]:
                return [one for one in usable if one not in tried]
        return []

    def _shares(self, usable: list[SmtpChannel], places: list[int]) -> dict[SmtpChannel, list[int]]:
        """By weight, exactly so over many batches; who has failed just now gets one mail to prove itself."""
        steady = [one for one in usable if not one.unproven] or usable
        shares: dict[SmtpChannel, list[int]] = {one: [] for one in usable}
        left = list(places)
        for one in usable:
            if one not in steady and left:
                shares[one].append(left.pop())
        total = sum(one.server.weight or 1 for one in steady)
        for one in steady:
            self._credit[one] += len(left) * (one.server.weight or 1) / total
        first, *others = sorted(steady, key=lambda one: -self._credit[one])
        for one in others:
            count = min(max(0, round(self._credit[one])), len(left))
            shares[one] += [left.pop() for _ in range(count)]
            self._credit[one] -= count
        shares[first] += left
        self._credit[first] -= len(left)
        return shares

    def _all_away(self) -> Unreachable:
        """One sentence that names every server with its reason."""
        known = [(one.server.name, one.away) for one in self._credit]
        if len(known) == 1 and known[0][1] is not None:
            return known[0][1]
        reasons = "; ".join(f"{name}: {away.detail if away else 'not open yet'}" for name, away in known)
        soonest = min((away.retry_in for _, away in known if away), default=1.0)
        return Unreachable(f"No mail server can be used. {reasons}", retry_in=soonest)


async def _room(one: SmtpChannel, want: int) -> int:
    """How many it may be given now, of what all processes may give it."""
    if not one.server.per_second:
        return want
    try:
        return await take_server(one.server.name, one.server.per_second, want)
    except RedisError:
        # Nobody knows what the other processes gave it.
        return 0


async def _first_open(group: Sequence[SmtpChannel]) -> bool:
    """Whether one of them is open, as soon as one is; the others get a moment to be open too."""
    waiting = {asyncio.ensure_future(one.ready()) for one in group}
    opened = False
    while waiting:
        done, waiting = await asyncio.wait(
            waiting, return_when=asyncio.FIRST_COMPLETED, timeout=TOGETHER_SECONDS if opened else None
        )
        opened = opened or any(task.exception() is None for task in done)
        if opened and not done:
            break
    for task in waiting:
        task.cancel()
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    return opened


def _no_room(one: SmtpChannel) -> Outcome:
    words = f"{one.server.name} is given at most {one.server.per_second} mails a second (per_second in SMTP_URL)."
    return Outcome(result=Result.UNTOUCHED, words=words, slow_down=True, server=one.server.name)
