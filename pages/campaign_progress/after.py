"""What came of a campaign: results, who could not be reached and why, and trying again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from app.auth.permissions import allowed
from app.campaigns.progress import Counts
from app.campaigns.reasons import Reason, why
from app.campaigns.service import retry
from app.insights.campaign import campaign_facts
from models import Campaign, Member
from models.campaign import CampaignState
from models.delivery import DeliveryState
from pages.components import button, card, confirm, number, percent, stat, text, toast
from pages.components.insight_card import insight_card
from pages.components.text import box

SKIPPED = [DeliveryState.SKIPPED, DeliveryState.SUPPRESSED, DeliveryState.CANCELLED]


async def draw_results(
    member: Member, campaign: Campaign, counts: Counts, again: Callable[[], Awaitable[None]]
) -> None:
    """Draw it for a campaign that ended. `again` is called after messages are to be tried again."""
    _tiles(member, campaign, counts)
    insight_card(member, "How it did", lambda: campaign_facts(member, campaign.id))
    if counts.unknown:
        await _unknown(member, campaign, counts.unknown, again)
    if counts.failed or counts.skipped:
        with box("why"):
            if counts.failed:
                reasons = await why(campaign, [DeliveryState.FAILED])
                with _group(member, "What failed", reasons, f"/log?campaign={campaign.id}&state=failed", "bad"):
                    _retry_button(member, campaign, counts.failed, again)
            if counts.skipped:
                reasons = await why(campaign, SKIPPED)
                with _group(member, "Who was skipped", reasons, f"/log?campaign={campaign.id}&state=skipped", "gray"):
                    pass


def _tiles(member: Member, campaign: Campaign, counts: Counts) -> None:
    locale = member.locale
    with box("tiles results"):
        share = counts.sent / counts.audience if counts.audience else None
        whom = f"{number(counts.sent, locale)} of {number(counts.audience, locale)} people"
        stat("Reached", percent(share, locale), note=whom)
        stat("Bounced later", number(counts.bounced, locale), note=_share(counts.bounced, counts.sent, locale))
        stat("Unsubscribed", number(counts.unsubscribed, locale), note=_share(counts.unsubscribed, counts.sent, locale))
        stat("Took", _took(campaign), note="from start to end")


def _share(part: int, sent: int, locale: str) -> str:
    return f"{percent(part / sent, locale)} of those reached" if sent else "nobody was reached"


def _took(campaign: Campaign) -> str:
    if campaign.started_at is None or campaign.finished_at is None:
        return "–"
    seconds = round((campaign.finished_at - campaign.started_at).total_seconds())
    hours, minutes = divmod(seconds // 60, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{max(1, seconds)} s"


def _retry_button(member: Member, campaign: Campaign, count: int, again: Callable[[], Awaitable[None]]) -> None:
    if not allowed(member, "campaigns.send") or campaign.state is not CampaignState.DONE:
        return

    async def go() -> None:
        await _retry(member, campaign, count, again)

    with box("line mt-5"):
        button(f"Retry the {number(count, member.locale)} that failed", icon="rotate-ccw", on_click=go)


@contextmanager
def _group(member: Member, title: str, reasons: list[Reason], href: str, tone: str) -> Iterator[None]:
    with card(title) as actions:
        with actions:
            button("Show them", small=True, kind="ghost", href=href)
        most = max((reason.count for reason in reasons), default=1)
        with box("stack gap-3 reasons"):
            for reason in reasons[:8]:
                with box("reason"):
                    text(number(reason.count, member.locale), "num medium", tag="span")
                    with box("stack gap-1 min-w-0"):
                        text(reason.words)
                        if reason.sample and reason.sample.rstrip(".") != reason.words:
                            text(f"“{reason.sample}”", "muted t12 truncate").props["title"] = reason.sample
                        with box("bar thin"):
                            box(tone).style(f"width:{reason.count / most * 100:.1f}%")
            if len(reasons) > 8:
                text(f"and {number(len(reasons) - 8, member.locale)} rarer reasons", "muted t12")
        yield


async def _retry(member: Member, campaign: Campaign, count: int, again: Callable[[], Awaitable[None]]) -> None:
    people = f"the {number(count, member.locale)} people" if count > 1 else "the one person"
    if await confirm(
        f"Try {number(count, member.locale)} again?",
        f"The message goes once more to {people} it failed for. Who has unsubscribed since is left out.",
        action=f"Retry {number(count, member.locale)}",
    ):
        await retry(member, str(campaign.id), "failed")
        toast("On its way again")
        await again()


async def _unknown(member: Member, campaign: Campaign, count: int, again: Callable[[], Awaitable[None]]) -> None:
    words = number(count, member.locale)

    async def resend() -> None:
        if await confirm(
            f"Send to {words} again?",
            f"The line broke while these {words} messages were handed over, so they may have arrived. Who got "
            "the message gets it a second time.",
            action=f"Send {words} again",
            danger=True,
        ):
            await retry(member, str(campaign.id), "unknown")
            toast("On its way again")
            await again()

    with card("Not known whether they arrived"):
        with box("stack gap-3 items-start"):
            text(
                f"The connection broke while {words} {'message was' if count == 1 else 'messages were'} handed over. "
                "Nobody can say whether they arrived, so they were not sent a second time.",
                "muted",
            )
            if allowed(member, "campaigns.send") and campaign.state is CampaignState.DONE:
                button(f"Send to these {words} again", icon="rotate-ccw", on_click=resend)
