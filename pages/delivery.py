"""One delivery: who, which campaign, what happened when, what the server said, and the message itself."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from app.auth.permissions import allowed
from app.campaigns.audience.kinds import kind_of
from app.campaigns.record.deliveries import get_delivery, rendered_message
from app.customers.masking import shown_to
from app.errors import CohortError
from app.receipts.service import resolve_unknown
from models import Campaign, Customer, Delivery, Member
from models.campaign import Channel
from models.delivery import DeliveryState
from pages.campaign_progress.history import history
from pages.components import ago_label, box, button, card, confirm, delivery_chip, person, skeleton_block, text, toast
from pages.components.message_view import message_card
from pages.components.text_message import text_message_card, webhook_card
from pages.frame import frame, page

BACK = ("/log", "Log")


@page("/log/{delivery_id}", permission="deliveries.read", title="Message", nav="log")
async def delivery_page(member: Member, delivery_id: str) -> None:
    """The page of one line of the log."""
    delivery = await get_delivery(member, delivery_id)
    campaign = await Campaign.get(delivery.campaign_id)
    customer = await Customer.get(delivery.customer_id)
    if customer is not None:
        customer = shown_to(member, customer)
    who = delivery.name or delivery.address or "a customer"
    subtitle = campaign.name if campaign else "A campaign that was deleted"
    with frame(member, f"Message to {who}", subtitle, back=BACK) as actions:
        with actions:
            delivery_chip(delivery.state)
        if delivery.state is DeliveryState.UNKNOWN:
            _unknown(member, delivery)
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


def _unknown(member: Member, delivery: Delivery) -> None:
    async def settle(arrived: bool) -> None:
        became = "arrived" if arrived else "not arrived"
        after = "It counts as sent." if arrived else "It counts as failed, and can be tried again."
        if await confirm(
            f"Mark this message as {became}?",
            f"Nothing is sent. {after} Its history says that you decided it.",
            action=f"Mark as {became}",
            cancel="Not now",
        ):
            await resolve_unknown(member, delivery.id, arrived=arrived)
            toast(f"Marked as {became}")
            ui.navigate.reload()

    with card("Nobody knows whether it arrived"), box("stack gap-4 items-start"):
        text(
            "The connection broke while it was handed over, so it was not sent a second time. Your mail server's own "
            "log may know; then say it here.",
            "muted",
        )
        if allowed(member, "campaigns.send"):
            with box("line gap-2 flex-wrap"):
                button("Mark as arrived", icon="check", on_click=partial(settle, True))
                button("Mark as not arrived", icon="x", on_click=partial(settle, False))


def _facts(member: Member, delivery: Delivery, campaign: Campaign | None, customer: Customer | None) -> None:
    with card(css="p-5"), box("stack gap-4"):
        if customer is not None:
            person(customer.name, customer.email or customer.phone, href=f"/customers/{customer.id}")
        else:
            person(delivery.name or "A deleted customer", delivery.address)
        box("rule")
        with ui.element("dl").classes("facts"):
            href = f"/campaigns/{campaign.id}" if campaign else None
            _fact("Campaign", campaign.name if campaign else "deleted", href)
            if customer is None or delivery.address not in (customer.email, customer.phone):
                _fact("Sent to", delivery.address or "no address")
            _fact("By", kind_of(delivery.channel).label)
            if delivery.server:
                _fact("Server", delivery.server)
            if delivery.reference:
                _fact("Its reference", delivery.reference)
            _fact("Tries", str(delivery.attempts) if delivery.attempts else "none")
            if delivery.next_at and delivery.state is DeliveryState.DEFERRED:
                text("Next try", tag="dt")
                with ui.element("dd"):
                    ago_label(delivery.next_at, member, "")
            if delivery.message_id:
                _fact("Message ID", delivery.message_id.strip("<>"))


def _fact(name: str, value: str, href: str | None = None) -> None:
    text(name, tag="dt")
    with ui.element("dd").classes("break-words"):
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


NEVER_LEFT = (DeliveryState.SKIPPED, DeliveryState.SUPPRESSED, DeliveryState.HELD_OUT, DeliveryState.CANCELLED)


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
        if delivery.channel is Channel.WEBHOOK:
            told = {"id": delivery.id, **rendered.data, "to": delivery.address, "name": delivery.name}
            webhook_card({**told, "subject": rendered.subject, "text": rendered.text})
        elif not rendered.html:
            text_message_card(rendered.text, delivery.address or "")
        else:
            message_card(rendered.subject, rendered.html, rendered.text, rendered.headers)
        text(_which(delivery, kept=rendered.kept), "muted t12")


def _which(delivery: Delivery, *, kept: bool) -> str:
    if kept:
        return "Shown as it was kept in the outbox. Scripts in it do not run, links in it do nothing here."
    if delivery.state in NEVER_LEFT:
        return "It did not go out. Shown as it would have been, filled in with what is known of the customer today."
    return "Filled in again with what is known of the customer today; what was sent may differ in that."
