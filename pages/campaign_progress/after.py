"""What came of a campaign: who could not be reached and why, and what can be done about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from app.auth.permissions import allowed
from app.campaigns.life.service import retry
from app.campaigns.record.progress import Counts
from app.campaigns.record.reasons import Reason, why
from app.customers.masking import shown_words
from app.insights.campaign import campaign_facts
from models import Campaign, Member
from models.campaign import CampaignState
from models.delivery import DeliveryState
from pages.campaign_progress.unknown import unknown_card
from pages.components import button, card, confirm, number, text, toast
from pages.components.insight_card import insight_card
from pages.components.log_link import log_link
from pages.components.text import box

SKIPPED = [DeliveryState.SKIPPED, DeliveryState.SUPPRESSED, DeliveryState.CANCELLED]
GROUPS_SHOWN = 8
ENDED = (CampaignState.DONE, CampaignState.CANCELLED)

Again = Callable[[], Awaitable[None]]


async def draw_results(member: Member, campaign: Campaign, counts: Counts, again: Again) -> None:
    """Draw it for a campaign that ended or is paused. `again` is called after something was done about it."""
    if campaign.state in ENDED:
        insight_card(member, "How it did", lambda: campaign_facts(member, campaign.id))
    if counts.unknown:
        unknown_card(member, campaign, counts.unknown, again)
    failed = await why(campaign, [DeliveryState.FAILED]) if counts.failed else []
    skipped = await why(campaign, SKIPPED) if counts.skipped and campaign.state in ENDED else []
    if not failed and not skipped:
        return
    with box("why"):
        if failed:
            with _group(member, campaign, "What failed", failed, "failed", "bad"):
                _retry_button(member, campaign, counts.failed, again)
        if skipped:
            with _group(member, campaign, "Who was skipped", skipped, "skipped", "gray"):
                pass


def _retry_button(member: Member, campaign: Campaign, count: int, again: Again) -> None:
    if not allowed(member, "campaigns.send") or campaign.state is not CampaignState.DONE:
        return

    async def go() -> None:
        await _retry(member, campaign, count, again)

    with box("line mt-5"):
        words = number(count, member.locale)
        button(f"Retry the {words} that failed", icon="rotate-ccw", kind="primary", on_click=go)


@contextmanager
def _group(
    member: Member, campaign: Campaign, title: str, reasons: list[Reason], state: str, tone: str
) -> Iterator[None]:
    with card(title) as actions:
        with actions:
            button("Show them", small=True, kind="ghost", href=log_link(campaign=campaign.id, state=state))
        most = max((reason.count for reason in reasons), default=1)
        with box("stack gap-1 reasons"):
            for reason in reasons[:GROUPS_SHOWN]:
                _reason(member, campaign, reason, state, reason.count / most, tone)
            if len(reasons) > GROUPS_SHOWN:
                rarer = reasons[GROUPS_SHOWN:]
                count = number(sum(reason.count for reason in rarer), member.locale)
                text(f"and {count} for {number(len(rarer), member.locale)} rarer reasons", "muted t12 reason-more")
        yield


def _reason(member: Member, campaign: Campaign, reason: Reason, state: str, share: float, tone: str) -> None:
    with box("reason", tag="a") as line:
        line.props["href"] = log_link(campaign=campaign.id, state=state, error=reason.key)
        text(number(reason.count, member.locale), "num medium", tag="span")
        with box("stack gap-1 min-w-0"):
            text(reason.words)
            sample = shown_words(member, reason.sample)
            if sample and sample.rstrip(".") != reason.words:
                text(f"“{sample}”", "muted t12 truncate").props["title"] = sample
            with box("bar thin"):
                box(tone).style(f"width:{share * 100:.1f}%")


async def _retry(member: Member, campaign: Campaign, count: int, again: Again) -> None:
    words = number(count, member.locale)
    people = f"the {words} people" if count > 1 else "the one person"
    if await confirm(
        f"Try {words} again?",
        f"The message goes once more to {people} it failed for. Who has unsubscribed since is left out.",
        action=f"Retry {words}",
        cancel="Not now",
    ):
        await retry(member, str(campaign.id), "failed")
        toast("On its way again")
        await again()
