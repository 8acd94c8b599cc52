"""Who sees masked addresses cannot ask for them letter by letter either, by no door."""

from __future__ import annotations

import httpx
import pytest

from app.ai.suggest import suggest_segment
from app.auth.permissions import PERMISSIONS
from app.campaigns.record.log_filter import LogFilter, question
from app.channels.outbox import list_outbox
from app.customers.listing import SORTS, count_customers
from app.customers.service import create_customer, list_customers, page_of_customers
from app.errors import PermissionDenied
from app.orders.service import create_order, list_orders
from app.segments.catalogue.value_counts import value_counts
from app.segments.contact import REFUSED
from app.segments.explain import explain_customer
from app.segments.preview import condition_counts, glimpse, member_page, near_misses, preview
from app.segments.preview.people import people_page
from app.segments.saved.revisions import get_revision, list_revisions
from app.segments.service import create_segment, get_segment, restore_segment, update_segment
from models import Customer, Segment
from models.outbox import OutboxMessage
from pages import palette
from tests.api.conftest import app, viewer
from tests.segments.test_rule import condition, group

__all__ = ["app", "viewer"]

SECRETS = ("krista", "heinz", "5551234430")
PROBES = [
    group(condition("email", "beginsWith", "k")),
    group(condition("email", "=", "krista@heinz.example.com")),
    group(condition("email", "null", None)),
    group(condition("phone", "contains", "555")),
    group(condition("city", "=", "Oslo"), group(condition("phone", "endsWith", "0"), combinator="or")),
]


@pytest.fixture
async def krista(bob) -> Customer:
    return await create_customer(
        bob,
        {
            "first_name": "Nora",
            "email": "krista@heinz.example.com",
            "phone": "+15551234430",
            "city": "Oslo",
            "external_id": "C-77",
        },
    )


@pytest.fixture
async def saved(bob, krista) -> Segment:
    rule = group(condition("email", "=", "krista@heinz.example.com"), condition("city", "=", "Oslo"))
    segment = await create_segment(bob, name="One person", rule=rule)
    return await update_segment(
        bob, segment.id, rule=group(condition("email", "endsWith", "heinz.example.com"), condition("city", "=", "Oslo"))
    )


@pytest.mark.parametrize("rule", PROBES)
async def test_no_rule_of_ones_own_asks_about_addresses(krista, charlie, rule):
    for door in (preview, glimpse, near_misses, condition_counts):
        with pytest.raises(PermissionDenied, match="email or phone"):
            await door(charlie, rule)
    with pytest.raises(PermissionDenied, match="email or phone"):
        await explain_customer(charlie, rule=rule, customer_id=krista.id)


@pytest.mark.parametrize("rule", PROBES)
async def test_nor_by_the_api(krista, viewer: httpx.AsyncClient, rule):
    explained = {"rule": rule, "customer_id": str(krista.id)}
    for path, body in (
        ("preview", {"rule": rule}),
        ("preview", {"rule": rule, "exact": False}),
        ("explain", explained),
    ):
        answer = await viewer.post(f"/api/segments/{path}", json=body)
        assert (answer.status_code, answer.json()["detail"]) == (403, REFUSED)


async def test_a_saved_segment_works_as_a_whole_and_names_no_address(saved, bob, charlie, krista):
    beside = group(condition("segment", "in", str(saved.id)), condition("city", "=", "Oslo"))
    assert (await preview(charlie, beside)).count == 1
    shown = [
        await preview(charlie, saved),
        await glimpse(charlie, saved),
        await near_misses(charlie, saved),
        await explain_customer(charlie, segment_id=saved.id, customer_id=krista.id),
        [person.because for person in (await people_page(charlie, saved.id))[0]],
        (await list_revisions(charlie, saved.id))[0],
        await get_revision(charlie, saved.id, 1),
    ]
    assert shown[0].count == 1
    assert (await member_page(charlie, saved.id))[0][0].id == krista.id
    for place, found in enumerate(shown):
        text = str(getattr(found, "sentence", found))
        assert not any(secret in text for secret in SECRETS), (place, text)
    assert "krista" in str((await get_revision(bob, saved.id, 1)).revision.rule)


async def test_the_api_shows_its_rule_masked(saved, viewer: httpx.AsyncClient):
    for path in ("", "/export", "/revisions", "/revisions/1"):
        answer = await viewer.get(f"/api/segments/{saved.id}{path}")
        assert answer.status_code == 200
        assert "•" in answer.text
        assert not any(secret in answer.text for secret in SECRETS), path


async def test_bringing_a_revision_back_brings_back_what_was_saved(saved, bob):
    blind = bob.limited_to(frozenset(PERMISSIONS) - {"customers.contact"})
    restored = await restore_segment(blind, saved.id, revision=1)
    assert restored.rule["rules"][0]["value"] == "krista@heinz.example.com"


async def test_a_key_without_addresses_saves_no_rule_about_them(saved, bob):
    blind = bob.limited_to(frozenset(PERMISSIONS) - {"customers.contact"})
    rule = group(condition("email", "beginsWith", "k"))
    with pytest.raises(PermissionDenied, match="email or phone"):
        await create_segment(blind, name="Probe", rule=rule)
    with pytest.raises(PermissionDenied, match="email or phone"):
        await update_segment(blind, saved.id, rule=rule)
    with pytest.raises(PermissionDenied, match="email or phone"):
        await suggest_segment(blind, "customers whose email ends with heinz.example.com")
    renamed = await update_segment(blind, saved.id, name="Still one")
    assert renamed.rule == (await get_segment(bob, saved.id)).rule


@pytest.mark.parametrize("words", ["krista", "kri", "heinz", "k", "+1 555 123", "15551234430", "5"])
async def test_search_finds_nobody_by_address_or_number(krista, bob, charlie, words):
    await create_order(bob, {"customer_id": str(krista.id), "amount": 1, "number": "A-1"})
    await OutboxMessage(
        id="a:b", sender="s", recipient=krista.email, subject="Hello", html="", text="", search=[krista.email, "nora"]
    ).insert()
    assert (await list_customers(charlie, search=words))[0] == []
    assert (await page_of_customers(charlie, search=words)) == ([], 0)
    assert await count_customers(charlie, search=words) == 0
    assert (await list_orders(charlie, search=words))[0] == []
    assert (await list_outbox(charlie, search=words))[0] == []
    assert [hit for hit in await palette.find(charlie, words) if hit.group == "Customers"] == []
    assert (await question(charlie, LogFilter(search=words))).conditions[-1] == {"customer_id": {"$in": []}}
    segment = await create_segment(bob, name="Oslo", rule=group(condition("city", "=", "Oslo")))
    assert (await people_page(charlie, segment.id, search=words))[0] == []


@pytest.mark.parametrize("words", ["nora", "NO", "c-77", "nora c-7"])
async def test_search_still_finds_by_name_and_the_shops_id(krista, charlie, words):
    assert [one.id for one in (await list_customers(charlie, search=words))[0]] == [krista.id]


async def test_who_may_contact_still_searches_by_address(krista, bob):
    for words in ("krista", "heinz", "+1 555 123"):
        assert [one.id for one in (await list_customers(bob, search=words))[0]] == [krista.id]
        assert len([hit for hit in await palette.find(bob, words) if hit.group == "Customers"]) == 1


async def test_the_log_is_not_narrowed_by_what_would_tell_an_address(charlie, bob):
    for wanted in (LogFilter(domain="heinz.example.com"), LogFilter(error="550 krista@heinz.example.com unknown")):
        with pytest.raises(PermissionDenied):
            await question(charlie, wanted)
        await question(bob, wanted)


async def test_no_list_is_sorted_by_address_and_no_menu_offers_any(krista, charlie):
    assert not any(name.lstrip("-") in ("email", "phone") for name in SORTS)
    for field in ("email", "phone"):
        assert await value_counts(charlie, field) == ()
