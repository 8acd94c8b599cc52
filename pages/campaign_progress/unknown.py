"""Messages of which nobody knows whether they arrived, and the three things that can be done about them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from app.auth.permissions import allowed
from app.campaigns.life.service import retry
from app.receipts.service import resolve_all_unknown
from models import Campaign, Member
from models.campaign import CampaignState
from pages.components import button, card, confirm, number, plural, text, toast
from pages.components.log_link import log_link
from pages.components.text import box


def unknown_card(member: Member, campaign: Campaign, count: int, again: Callable[[], Awaitable[None]]) -> None:
    """Say what happened and offer to send again, or to settle it by hand. `again` is called afterwards."""
    words = number(count, member.locale)
    one = count == 1

    async def resend() -> None:
        if await confirm(
            f"Send to {words} again?",
            f"The line broke while {'this message was' if one else f'these {words} messages were'} handed over, so "
            f"{'it' if one else 'they'} may have arrived. Who got the message gets it a second time.",
            action=f"Send {words} again",
            cancel="Not now",
            danger=True,
        ):
            await retry(member, str(campaign.id), "unknown")
            toast("On its way again")
            await again()

    async def settle(arrived: bool) -> None:
        became = "arrived" if arrived else "not arrived"
        after = "They count as sent." if arrived else "They count as failed, and can be tried again with the others."
        if await confirm(
            f"Mark {words} as {became}?",
            f"Nothing is sent. {after.replace('They count', 'It counts') if one else after} Each message's history "
            "says that you decided it.",
            action=f"Mark as {became}",
            cancel="Not now",
        ):
            done = await resolve_all_unknown(member, str(campaign.id), arrived=arrived)
            toast(f"{plural(done, 'message', locale=member.locale)} marked as {became}")
            await again()

    with card("Not known whether they arrived") as actions:
        with actions:
            button("Show them", small=True, kind="ghost", href=log_link(campaign=campaign.id, state="unknown"))
        with box("stack gap-4 items-start"):
            text(
                f"The connection broke while {words} {'message was' if one else 'messages were'} handed over. Nobody "
                f"can say whether {'it' if one else 'they'} arrived, so {'it was' if one else 'they were'} not sent a "
                "second time. Your mail server's own log may know.",
                "muted",
            )
            if allowed(member, "campaigns.send"):
                with box("line gap-2 flex-wrap w-full"):
                    if campaign.state is CampaignState.DONE:
                        twice = "may get it twice"
                        label = f"Send again to the {words} that {'is' if one else 'are'} unknown (they {twice})"
                        button(label, icon="rotate-ccw", on_click=resend).classes("wraps")
                    button("Mark as arrived", icon="check", on_click=partial(settle, True))
                    button("Mark as not arrived", icon="x", on_click=partial(settle, False))
