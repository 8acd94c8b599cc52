"""One delivery: who, which campaign, what happened when, what the server said, and the message itself."""

from __future__ import annotations

from nicegui import ui

from app.campaigns.deliveries import get_delivery, rendered_message
from app.errors import CohortError
from models import Campaign, Customer, Delivery, Member
from models.delivery import DeliveryState
from pages.campaign_progress.history import history
from pages.components import ago_label, box, card, delivery_chip, person, skeleton_block, text
from pages.components.message_view import message_card
from pages.frame import frame, page

BACK = ("/log", "Log")


@page("/log/{delivery_id}", permission="deliveries.read", title="Message", nav="log")
async def delivery_page(member: Member, delivery_id: str) -> None:
    """The page of one line of the log."""
    delivery = await get_delivery(member, delivery_id)
    campaign = await Campaign.get(delivery.campaign_id)
    customer = await Customer.get(delivery.customer_id)
    who = delivery.name or delivery.address or "a customer"
    subtitle = campaign.name if campaign else "A campaign that was deleted"
    with frame(member, f"Message to {who}", subtitle, back=BACK) as actions:
        with actions:
            delivery_chip(delivery.state)
        with box("split"):
            message = box("stack gap-4 min-w-0")
            with message:
                skeleton_block(520)
            with box("stack gap-4"):
                _facts(member, delivery, campaign, customer)
                with card("What happened"):
                    _history(member, delivery)
    await ui.context.client.connected()
    await _message(member, delivery, message)


def _facts(member: Member, delivery: Delivery, campaign: Campaign | None, customer: Customer | None) -> None:
    with card(css="p-5"), box("stack gap-4"):
        if customer is not None:
            person(customer.name, customer.email, href=f"/customers/{customer.id}")
        else:
            person(delivery.name or "A deleted customer", delivery.address)
        box("rule")
        with ui.element("dl").classes("facts"):
            _fact(
                "Campaign", campaign.name if campaign else "deleted", f"/campaigns/{campaign.id}" if campaign else None
            )
            if customer is None or delivery.address != customer.email:
                _fact("Sent to", delivery.address or "no address")
            _fact("By", {"email": "Email", "outbox": "Built-in outbox"}.get(delivery.channel, str(delivery.channel)))
            _fact("Tries", str(delivery.attempts) if delivery.attempts else "none")
            if delivery.next_at and delivery.state is DeliveryState.DEFERRED:
                text("Next try", tag="dt")
                with ui.element("dd"):
                    ago_label(delivery.next_at, member, "")


def _fact(name: str, value: str, href: str | None = None) -> None:
    text(name, tag="dt")
    with ui.element("dd"):
        if href:
            text(value, "link", tag="a").props["href"] = href
        else:
            text(value, tag="span")


def _history(member: Member, delivery: Delivery) -> None:
    with ui.element("ol").classes("history"):
        for step in history(delivery):
            with ui.element("li"):
                box(f"dot {step.tone}", tag="span")
                with box("stack min-w-0"):
                    with box("line justify-between gap-3"):
                        text(step.words, "medium", tag="span")
                        ago_label(step.at, member, "muted t12 whitespace-nowrap")
                    if step.more:
                        text(step.more, "muted t12 break-words")


async def _message(member: Member, delivery: Delivery, place: ui.element) -> None:
    try:
        rendered = await rendered_message(member, delivery.id)
    except CohortError as problem:
        place.clear()
        with place, card("Message"):
            text(problem.detail, "muted")
        return
    place.clear()
    with place:
        message_card(rendered.subject, rendered.html, rendered.text)
