"""The start page and the numbers on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing import User

from app import dashboard
from app.attention import matters
from app.customers.service import create_customer
from app.database import collection
from app.orders.service import create_order
from models import Campaign, ImportJob, Member
from models.campaign import CampaignState
from models.import_job import ImportStatus
from models.values import now


@pytest.fixture
async def shop(alice: Member) -> None:
    """Two customers: Ann bought 40 days ago and again yesterday, Bo for the first time today."""
    ann = await create_customer(alice, {"first_name": "Ann", "signed_up_at": now() - timedelta(days=50)})
    bo = await create_customer(alice, {"first_name": "Bo", "signed_up_at": now() - timedelta(days=2)})
    for who, amount, days, status in (
        (ann, "100.00", 40, "paid"),
        (ann, "30.50", 1, "completed"),
        (bo, "19.50", 0, "paid"),
        (bo, "999.00", 0, "cancelled"),
    ):
        placed = now() - timedelta(days=days, seconds=5)
        await create_order(
            alice,
            {"customer_id": str(who.id), "amount": amount, "status": status, "placed_at": placed, "currency": "USD"},
        )


class TestFigures:
    async def test_this_period_against_the_one_before(self, alice: Member, shop: None) -> None:
        figures = await dashboard.figures(alice)
        assert (figures.this.revenue, figures.before.revenue) == (Decimal("50.00"), Decimal("100.00"))
        assert (figures.this.orders, figures.before.orders) == (2, 1)
        assert (figures.this.new_customers, figures.before.new_customers) == (1, 1)
        assert sum(day.new_revenue for day in figures.this.days) == Decimal("19.50")
        assert figures.this.repeat_rate == 0.5
        assert figures.before.repeat_rate == 0
        assert figures.customers == 2

    async def test_days_are_cut_at_the_shops_midnight(self, alice: Member) -> None:
        """20:00 UTC is half past one of the next day in Kolkata."""
        ann = await create_customer(alice, {"first_name": "Ann"})
        placed = datetime(2026, 3, 9, 20, tzinfo=UTC)
        await create_order(alice, {"customer_id": str(ann.id), "amount": "5", "placed_at": placed, "currency": "USD"})
        figures = await dashboard.figures(alice, moment=datetime(2026, 3, 10, 3, tzinfo=UTC))
        assert [str(day.date) for day in figures.this.days if day.orders] == ["2026-03-10"]
        assert len(figures.this.days) == len(figures.before.days) == 30

    async def test_another_currency_counts_as_an_order_alone(self, alice: Member) -> None:
        ann = await create_customer(alice, {"first_name": "Ann"})
        await create_order(alice, {"customer_id": str(ann.id), "amount": "5", "currency": "EUR"})
        figures = await dashboard.figures(alice)
        assert (figures.this.orders, figures.this.revenue) == (1, 0)

    async def test_an_empty_shop_has_no_rate(self, alice: Member) -> None:
        assert (await dashboard.figures(alice)).this.repeat_rate is None

    async def test_orders_are_found_by_an_index(self, alice: Member, shop: None, database: Any) -> None:
        counted = {"status": {"$in": ["paid", "completed"]}, "placed_at": {"$gte": now() - timedelta(days=60)}}
        stages = [{"$match": counted}, {"$group": {"_id": None, "count": {"$sum": 1}}}]
        plan = await database.command("explain", {"aggregate": "orders", "cursor": {}, "pipeline": stages})
        assert "IXSCAN" in str(plan)
        assert "COLLSCAN" not in str(plan)


class TestAttention:
    async def test_what_needs_somebody(self, alice: Member, charlie: Member) -> None:
        await Campaign(name="Winter", state=CampaignState.PAUSED, audience=0, pause_reason="Too many failures").insert()
        await Campaign(name="Plain draft").insert()
        await ImportJob(kind="orders", filename="a.csv", status=ImportStatus.DONE, total=9, rejected=3).insert()
        await ImportJob(kind="orders", filename="b.csv", status=ImportStatus.DONE, total=9).insert()
        since = now() - timedelta(days=1)
        found = {matter.kind: matter for matter in await matters(alice, since=since)}
        assert set(found) == {"paused", "rejects"}
        assert found["rejects"].count == 3
        assert {matter.kind for matter in await matters(charlie, since=since)} == {"paused"}


class TestPage:
    async def test_an_empty_shop_offers_the_first_steps(self, user: User) -> None:
        await user.open("/")
        await user.should_see("Three steps to your first campaign")
        await user.should_see("Import customers")

    async def test_a_viewer_is_offered_no_steps(self, viewer: User) -> None:
        await viewer.open("/")
        await viewer.should_see("Bring your customers")
        await viewer.should_not_see("Import customers")

    async def test_the_numbers(self, user: User, shop: None) -> None:
        await user.open("/")
        await user.should_see("$50.00", retries=30)
        await user.should_see("−50.0\u00a0%")
        await user.should_see("50.0\u00a0%")
        await user.should_see("No campaigns yet", retries=30)
        await user.should_see("All clear", retries=30)
        chart = next(iter(user.find(ui.echart).elements))
        assert sum(chart.options["series"][1]["data"]) == 19.5

    async def test_the_greeting_names_the_member(self, user: User, shop: None) -> None:
        await user.open("/")
        await user.should_see(marker="page-title", content="Alice")

    async def test_running_campaigns_pulse_on_every_page(self, user: User) -> None:
        campaign = await Campaign(name="Winter", state=CampaignState.RUNNING, audience=10).insert()
        await collection("chunks").insert_one(
            {"_id": f"{campaign.id}:0", "campaign_id": campaign.id, "n": 0, "size": 10, "state": "leased",
             "customer_ids": [], "tally": {"sent": 6, "failed": 0, "skipped": 0, "held_out": 0, "unknown": 0}}
        )  # fmt: skip
        await user.open("/orders")
        await user.should_see("Sending: 60\u00a0%", retries=30)
