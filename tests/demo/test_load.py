"""The sample shop: loads once, adds up, and its segments and campaigns find somebody."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from app.auth.members import system_member
from app.campaigns.life.service import estimate
from app.customers.service import create_customer
from app.database import collection
from app.demo import DemoSummary, load, load_demo
from app.demo.stories import CAMPAIGNS, SEGMENTS
from app.settings import use_settings
from models import Campaign, Customer, Order, Segment
from models.campaign import CampaignState


@pytest.fixture
async def loaded(database, settings) -> DemoSummary:
    """The sample shop."""
    return await load_demo(settings)


async def test_it_loads_once(loaded, settings):
    assert 2_000 <= loaded.customers <= 2_500
    assert loaded.orders > 4_000
    assert loaded == DemoSummary(
        customers=await Customer.find_all().count(),
        orders=await Order.find_all().count(),
        segments=await Segment.find_all().count(),
        campaigns=await Campaign.find_all().count(),
    )
    assert await load_demo(settings) == DemoSummary()
    assert await Customer.find_all().count() == loaded.customers


async def test_the_shop_is_as_promised(loaded, settings):
    """One load for all of them, because it takes some seconds."""
    await the_latest_order_was_yesterday_in_the_shops_zone(settings)
    await items_add_up_to_orders_and_orders_to_rollups()
    await every_segment_selects_some_and_not_all(loaded)
    await its_campaigns_stand_where_they_should()


async def the_latest_order_was_yesterday_in_the_shops_zone(settings):
    latest = await Order.find_all().sort("-placed_at").first_or_none()
    yesterday = datetime.now(settings.zone).date() - timedelta(days=1)
    assert latest.placed_at.astimezone(settings.zone).date() == yesterday


async def items_add_up_to_orders_and_orders_to_rollups():
    spent: dict[object, Decimal] = defaultdict(Decimal)
    async for order in Order.find_all():
        assert sum((item.price * item.quantity for item in order.items), Decimal(0)) == order.amount
        assert all(item.product and item.category for item in order.items)
        if order.status in ("paid", "completed"):
            spent[order.customer_id] += order.amount
    async for customer in Customer.find_all():
        assert customer.total_spent == spent[customer.id]
        assert customer.first_order_at is None or customer.signed_up_at <= customer.first_order_at


async def every_segment_selects_some_and_not_all(loaded):
    for segment in await Segment.find_all().to_list():
        assert 20 <= segment.size <= loaded.customers * 0.6, segment.name
        assert segment.description


async def its_campaigns_stand_where_they_should():
    campaigns = {campaign.name: campaign for campaign in await Campaign.find_all().to_list()}
    for story in CAMPAIGNS:
        campaign = campaigns[story.name]
        begun = CampaignState.SCHEDULED if story.monday else CampaignState.PREPARING
        assert campaign.state is (begun if story.sent else CampaignState.DRAFT), story.name
        assert (campaign.repeat is not None) == (story.monday is not None)
        reach = await estimate(system_member(), campaign.segment_ids, [], campaign.channel)
        assert reach.reachable >= 20, campaign.name


async def test_an_interrupted_load_is_taken_up_again(database, settings, monkeypatch):
    real = load.bulk_orders
    calls = 0

    async def dying(member, rows):
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return await real(member, rows)

    monkeypatch.setattr(load, "bulk_orders", dying)
    with pytest.raises(KeyboardInterrupt):
        await load_demo(settings)
    monkeypatch.setattr(load, "bulk_orders", real)
    summary = await load_demo(settings)
    assert summary.customers == await Customer.find_all().count()
    assert summary.orders == await Order.find_all().count()
    assert await Segment.find_all().count() == len(SEGMENTS)
    assert await collection("demo").count_documents({"done": True}) == 1


async def test_a_shop_with_customers_is_left_alone(database, settings):
    await create_customer(system_member(), {"email": "ann@example.com"})
    assert await load_demo(settings) == DemoSummary()
    assert await Customer.find_all().count() == 1


async def test_a_shop_without_cents_gets_whole_amounts(database, settings):
    yen = settings.model_copy(update={"currency": "JPY"})
    use_settings(yen)
    await load_demo(yen)
    order = await Order.find_one()
    assert (order.currency, order.amount) == ("JPY", order.amount.to_integral_value())
