"""Who may look but not contact sees no address and no number, wherever customers are shown."""

from __future__ import annotations

import pytest
from bson import ObjectId

from app.campaigns.record.deliveries import get_delivery, list_deliveries, rendered_message
from app.campaigns.record.log_export import deliveries_csv
from app.campaigns.record.log_filter import LogFilter
from app.channels.outbox import list_outbox, outbox_message
from app.customers.masking import masked_address, shown_address, shown_to, shown_words
from app.customers.service import create_customer, get_customer, list_customers, page_of_customers
from app.errors import PermissionDenied
from app.segments.explain import explain_customer
from app.segments.preview import glimpse, member_page, near_misses, preview
from app.segments.preview.people import people_page
from app.segments.service import create_segment
from models import Customer, Delivery
from models.campaign import Channel
from models.delivery import DeliveryState, Event
from models.outbox import OutboxMessage
from models.values import now
from tests.segments.test_rule import condition, group

SECRETS = ("krista", "heinz.example", "555123443", "+1555")


@pytest.fixture
async def krista(bob) -> Customer:
    return await create_customer(
        bob, {"first_name": "K", "email": "krista@heinz.example.com", "phone": "+15551234430", "city": "Oslo"}
    )


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("krista@heinz.example.com", "k•••@h•••.com"),
        ("a@b", "a•••@b•••"),
        ("+15551234430", "+•••••••30"),
        ("5551234", "•••••••34"),
        ("", ""),
        (None, None),
    ],
)
def test_what_is_left_of_an_address(address, masked):
    assert masked_address(address) == masked


async def test_a_viewer_sees_none_of_it_anywhere(krista, bob, charlie):
    segment = await create_segment(bob, name="Oslo", rule=group(condition("city", "=", "Oslo")))
    by_email = group(condition("email", "endsWith", "example.com"), condition("phone", "notNull", None))
    reachable = await create_segment(bob, name="Reachable", rule=by_email)
    missed = group(condition("email", "=", "other@example.com"), condition("city", "=", "Oslo"))
    another = await create_segment(bob, name="Another", rule=missed)
    shown = [
        await get_customer(charlie, krista.id),
        await list_customers(charlie, search="k"),
        await page_of_customers(charlie),
        (await preview(charlie, reachable)).sample,
        (await glimpse(charlie, reachable)).sample,
        await member_page(charlie, segment.id),
        await people_page(charlie, segment.id),
        await explain_customer(charlie, segment_id=reachable.id, customer_id=krista.id),
        await near_misses(charlie, another),
    ]
    for place, found in enumerate(shown):
        text = str(_without_shadows(found))
        assert "k•••@h•••.com" in text, place
        for secret in SECRETS:
            assert secret not in text, (place, secret)


async def test_a_marketer_sees_all_of_it(krista, bob):
    assert (await get_customer(bob, krista.id)).email == "krista@heinz.example.com"
    assert shown_to(bob, krista) is krista
    assert shown_address(bob, krista.phone) == "+15551234430"


def _without_shadows(found: object) -> object:
    """What the API and the pages show of customers: not the folded forms that only queries read."""
    if isinstance(found, Customer):
        return found.model_dump(include={"email", "phone", "first_name", "name"})
    if isinstance(found, list | tuple):
        return [_without_shadows(item) for item in found]
    if hasattr(found, "customer"):
        return [_without_shadows(found.customer), found.because]
    if hasattr(found, "sample"):
        return [_without_shadows(found.sample), found.found]
    return found


async def test_what_servers_said_names_nobody(bob, charlie):
    words = "550 5.1.1 <Krista@Heinz.example.com>: rejected (see other@example.org); to +15551234430"
    shown = shown_words(charlie, words, "+15551234430")
    for secret in (*SECRETS, "Krista", "other@"):
        assert secret not in shown
    assert shown.startswith("550 5.1.1 <K•••@H•••.com>: rejected (see o•••@e•••.org)")
    assert shown_words(bob, words) == words


async def test_the_log_and_the_outbox_name_nobody(krista, bob, charlie):
    campaign, moment = ObjectId(), now()
    id = f"{campaign}:{krista.id}"
    words = "550 5.1.1 krista@heinz.example.com unknown"
    await Delivery(
        id=id,
        campaign_id=campaign,
        customer_id=krista.id,
        chunk=0,
        state=DeliveryState.FAILED,
        channel=Channel.EMAIL,
        address=krista.email,
        reason=words,
        created_at=moment,
        updated_at=moment,
        history=[Event(at=moment, state=DeliveryState.FAILED, words=words)],
    ).insert()
    await OutboxMessage(
        id=id,
        sender="Shop <shop@example.com>",
        recipient=krista.email,
        subject="Hello",
        html='<a href="http://cohort.test/u/abc-DEF_1.x">leave</a>',
        text="Leave: http://cohort.test/u/abc-DEF_1.x",
        headers={"List-Unsubscribe": "<http://cohort.test/u/abc>"},
    ).insert()
    for member, hidden in ((charlie, True), (bob, False)):
        shown = [
            await list_deliveries(member),
            await get_delivery(member, id),
            await rendered_message(member, id),
            [one.model_dump(exclude={"search"}) for one in (await list_outbox(member))[0]],
            (await outbox_message(member, id)).model_dump(exclude={"search"}),
        ]
        for place, found in enumerate(shown):
            known = ("krista@heinz", "abc-DEF", "List-Unsubscribe")
            assert not (hidden and any(secret in str(found) for secret in known)), (place, found)
        assert hidden or "abc-DEF" in str(shown[2])
    with pytest.raises(PermissionDenied):
        await deliveries_csv(charlie, LogFilter())
