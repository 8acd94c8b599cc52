"""A place that fills itself after the page, also when it is asked to twice at once."""

from __future__ import annotations

import asyncio

from nicegui import ui
from nicegui.testing import User

from models import Member
from pages.components import Region


async def test_of_two_loads_at_once_the_later_one_stays(user: User, alice: Member) -> None:
    await user.open("/customers")
    told = iter(["first", "second"])
    wait = {"first": asyncio.Event(), "second": asyncio.Event()}

    async def build() -> None:
        word = next(told)
        await wait[word].wait()
        ui.label(f"the {word} answer")

    with user:
        region = Region(build, lambda: ui.label("to come"))
        first, second = asyncio.create_task(region.load()), asyncio.create_task(region.load())
        await asyncio.sleep(0)
        for word, task in (("second", second), ("first", first)):
            wait[word].set()
            await task
    await user.should_see("the second answer")
    await user.should_not_see("the first answer")
    await user.should_not_see("to come")
