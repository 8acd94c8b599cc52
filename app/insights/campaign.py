"""How a finished campaign did: reach, trouble, against earlier campaigns, and what people ordered afterwards.

Cost: the chunks' tallies of this campaign and of ten earlier ones (2,000 small documents for a million people), the
failed deliveries grouped by reason through (campaign_id, state), and what `app.insights.effect` says.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from pymongo.errors import ExecutionTimeout

from app.auth.permissions import require
from app.campaigns.life.lookup import get_campaign
from app.campaigns.record.progress import Counts, counts_of, counts_of_many
from app.campaigns.record.reasons import why
from app.insights.best_segment import best_segment
from app.insights.effect import Effect, Lift, effect_of, lift_of
from app.insights.facts import Facts, Notebook, share
from app.settings import get_settings
from models.campaign import Campaign, CampaignState
from models.delivery import DeliveryState
from models.member import Member
from models.values import now

EARLIER = 10
LEAST_EARLIER = 2
SOON = timedelta(days=1)
"""Orders before this are too early to say anything about."""
LEAST_SENT = 20


async def campaign_facts(member: Member, campaign_id: object) -> Facts:
    """What is known of a campaign that ended; nothing yet of one that did not. Raises NotFound."""
    require(member, "campaigns.read")
    campaign = await get_campaign(member, str(campaign_id))
    book = Notebook(currency=get_settings().currency, locale=member.locale)
    if campaign.state not in (CampaignState.DONE, CampaignState.CANCELLED):
        return book.closed("campaign", "The campaign has not ended yet.")
    counts = await counts_of(campaign)
    if not counts.audience or not counts.sent:
        return book.closed("campaign", "Nobody got this campaign, so there is nothing to say about it.")
    _reach(book, counts)
    await _against_earlier(book, campaign, counts)
    await _trouble(book, campaign, counts)
    missing = await _afterwards(book, campaign, counts)
    return book.closed("campaign", missing)


def _reach(book: Notebook, counts: Counts) -> None:
    book.note("audience", "People in the audience", counts.audience, "count")
    sent = book.note("sent", "People reached", counts.sent, "count")
    rate = book.note("reached_share", "Share of the audience reached", share(counts.sent, counts.audience), "percent")
    book.say(f"{sent} people were reached, {rate} of the audience.", "sent", "reached_share")
    left = []
    if counts.skipped:
        said = book.note("skipped", "People skipped (no consent, unsubscribed or no address)", counts.skipped, "count")
        left.append((f"{said} were skipped", "skipped"))
    if counts.failed:
        said = book.note("failed", "People it failed for", counts.failed, "count")
        left.append((f"it failed for {said}", "failed"))
    if counts.held_out:
        said = book.note("held_out", "People held out by lot", counts.held_out, "count")
        left.append((f"{said} were held out on purpose", "held_out"))
    if left:
        text = ", ".join(words for words, _ in left)
        book.say(text[:1].upper() + text[1:] + ".", *(id for _, id in left))
    if counts.unsubscribed:
        said = book.note("unsubscribed", "People who unsubscribed through it", counts.unsubscribed, "count")
        part = book.note(
            "unsubscribed_share",
            "Share of those reached who unsubscribed",
            share(counts.unsubscribed, counts.sent),
            "percent",
        )
        verb = "person" if counts.unsubscribed == 1 else "people"
        book.say(f"{said} {verb} unsubscribed, {part} of those reached.", "unsubscribed", "unsubscribed_share")
    if counts.bounced:
        book.note(
            "bounced_share", "Share of those reached that bounced later", share(counts.bounced, counts.sent), "percent"
        )


async def _against_earlier(book: Notebook, campaign: Campaign, counts: Counts) -> None:
    """Reached and unsubscribed against all that earlier campaigns reached together."""
    wanted = {"state": CampaignState.DONE, "_id": {"$ne": campaign.id}, "started_at": {"$lt": campaign.started_at}}
    earlier = await Campaign.find(wanted).sort("-updated_at").limit(EARLIER).to_list()
    known = [found for found in (await counts_of_many(earlier)).values() if found.sent]
    audience, sent = sum(found.audience for found in known), sum(found.sent for found in known)
    if len(known) < LEAST_EARLIER or sent < LEAST_SENT:
        return
    many = book.note("earlier_campaigns", "Earlier campaigns compared with", len(known), "count")
    usual = share(sent, audience)
    said = book.note("reached_usual", "Share of the audience reached by the earlier campaigns", usual, "percent")
    change = share(counts.sent, counts.audience) - usual
    points = book.note(
        "reached_change", "Difference of the share reached against the earlier campaigns", change, "points", change=True
    )
    more = f"{points} {'more' if change > 0 else 'less'} than" if change else "the same as"
    book.say(
        f"That share is {more} the {said} of the {many} campaigns before it.",
        *(("reached_change",) if change else ()), "reached_usual", "earlier_campaigns",
    )  # fmt: skip
    if any(found.unsubscribed for found in known) or counts.unsubscribed:
        usual = share(sum(found.unsubscribed for found in known), sent)
        book.note("unsubscribed_usual", "Share who unsubscribed through the earlier campaigns", usual, "percent")


async def _trouble(book: Notebook, campaign: Campaign, counts: Counts) -> None:
    if not counts.failed:
        return
    reasons = await why(campaign, [DeliveryState.FAILED])
    if not reasons or "@" in reasons[0].words:
        return
    book.note("failure_reason", "Most frequent reason of failures", reasons[0].words[:80], "name")
    said = book.note("failure_count", "Failures with that reason", reasons[0].count, "count")
    book.say(
        f"The most frequent reason of failures: {reasons[0].words[:80]} ({said}).", "failure_reason", "failure_count"
    )


async def _afterwards(book: Notebook, campaign: Campaign, counts: Counts) -> str | None:
    """Orders, revenue, lift and best segment; what there is not enough data for."""
    moment = now()
    if campaign.started_at is None or moment - campaign.started_at < SOON:
        return "What people order afterwards shows a day after the start."
    try:
        effect = await effect_of(campaign, moment)
    except ExecutionTimeout:
        return "Counting the orders afterwards took too long."
    _orders(book, effect, counts)
    missing = _lift(book, effect, counts)
    if effect.buyers and (best := await best_segment(campaign, effect.buyers)) is not None:
        book.note("best_segment", "Segment with the largest share of buyers", best.name, "name")
        said = book.note("best_segment_share", "Share of that segment who got it and ordered", best.share, "percent")
        book.say(
            f"{best.name} had the largest share of buyers, {said} of the segment.", "best_segment", "best_segment_share"
        )
    return missing


def _orders(book: Notebook, effect: Effect, counts: Counts) -> None:
    days = effect.days
    buyers = book.note(
        "buyers", f"People reached who ordered in the {days} days after the start", len(effect.buyers), "count"
    )
    rate = share(len(effect.buyers), counts.sent)
    part = book.note("buyers_share", f"Share of those reached who ordered in these {days} days", rate, "percent")
    if not effect.buyers:
        book.say(f"Nobody who was reached ordered in the {days} days after the start.", "buyers")
        return
    orders = book.note(
        "orders_after", f"Orders of those people in the {days} days after the start", effect.orders, "count"
    )
    revenue = book.note("revenue_after", f"Revenue of those orders in the {days} days", effect.revenue, "money")
    book.say(
        f"{buyers} of those reached ({part}) ordered in the {days} days after the start: {orders} "
        f"{'order' if effect.orders == 1 else 'orders'} for {revenue}.",
        *("buyers", "buyers_share", "orders_after", "revenue_after"),
    )


def _lift(book: Notebook, effect: Effect, counts: Counts) -> str | None:
    if not counts.held_out:
        return "Nobody was held out, so how much of that the campaign changed cannot be told."
    tried = counts.sent + counts.failed + counts.unknown
    lift = lift_of(effect.tried_buyers, tried, effect.held_buyers, counts.held_out)
    if lift is None:
        return "Too few people were held out, or ordered, to tell what the campaign changed."
    _compare(book, lift)
    return None if lift.sure else "The difference to those held out may be chance."


def _compare(book: Notebook, lift: Lift) -> None:
    tried = book.note("tried_rate", "Share who ordered among those written to", _percent(lift.tried), "percent")
    held = book.note("held_rate", "Share who ordered among those held out by lot", _percent(lift.held), "percent")
    points = _percent(lift.tried) - _percent(lift.held)
    label = "Difference between them" + (", larger than chance explains (95 %)" if lift.sure else ", may be chance")
    said = book.note("lift", label, points, "points", change=True, proof=lift.sure)
    if lift.sure:
        text = (
            f"{tried} of those written to ordered, against {held} of those held out: the campaign changed it by {said}"
        )
        book.say(f"{text} {'upwards' if points > 0 else 'downwards'}.", "tried_rate", "held_rate", "lift")
    else:
        text = f"{tried} of those written to ordered, against {held} of those held out; the difference may be chance."
        book.say(text, "tried_rate", "held_rate")


def _percent(rate: float) -> Decimal:
    return Decimal(str(round(rate * 100, 2)))
