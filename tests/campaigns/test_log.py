"""The communication log: every filter finds exactly what it says, page by page, and the file holds the same."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from app.campaigns.record.deliveries import latest, list_deliveries
from app.campaigns.record.log_export import DELIVERY_COLUMNS, campaigns_csv, deliveries_csv
from app.campaigns.record.log_filter import LogFilter, question, too_much
from app.campaigns.record.reasons import GROUPS, OWN_WORDS, group_of, why
from app.database import collection
from app.errors import InvalidInput, PermissionDenied
from models import Campaign, Customer, Member
from models.campaign import CampaignState, Channel
from models.delivery import DeliveryState as State
from models.values import now

REPLIES = (
    "550 5.1.1 <ann@example.com>: no such user",
    "550 5.1.2 no such domain",
    "501 5.1.3 bad address",
    "556 5.1.10 null MX",
    "550 5.1.6 moved",
    "550 5.2.1 mailbox disabled",
    "552 5.2.2 over quota; see also 5.1.1",
    "550 5.2.3 too long",
    "552 5.3.4 too big",
    "451 4.4.1 no answer",
    "451 4.4.7 expired",
    "550 5.7.1 rejected",
    "550 5.6.0 broken",
    "554 spam",
    "421 try later",
    "Has not agreed to receive email",
    "The connection broke (it may have arrived).",
    "x" * (OWN_WORDS + 1),
    "Given up after 48 hours. 452 4.2.2 full",
)


async def _campaign(name: str = "Winter", channel: Channel = Channel.EMAIL) -> Campaign:
    return await Campaign(name=name, channel=channel, state=CampaignState.DONE, audience=0).insert()


async def _add(campaign: Campaign, number: int, state: State, *, at: datetime | None = None, **fields: Any) -> str:
    customer = fields.pop("customer_id", None) or ObjectId()
    moment = at or now()
    row = {
        "_id": f"{campaign.id}:{customer}",
        "campaign_id": campaign.id,
        "customer_id": customer,
        "chunk": 0,
        "state": state,
        "channel": campaign.channel,
        "address": f"p{number}@example.com",
        "domain": "example.com",
        "name": f"P{number}",
        "attempts": 1,
        "created_at": moment,
        "updated_at": moment,
        **fields,
    }
    await collection("deliveries").insert_one(row)
    return str(row["_id"])


async def _names(member: Member, **narrowed: Any) -> list[str]:
    """The names found, page by page of two, so that every cursor is used as well."""
    names: list[str] = []
    cursor: str | None = None
    while True:
        found, cursor = await list_deliveries(member, limit=2, cursor=cursor, **narrowed)
        names += [one.name for one in found]
        if cursor is None:
            return names


@pytest.fixture
async def winter(database: object) -> Campaign:
    """A campaign with one message in every state, a minute apart, the first state the latest."""
    campaign = await _campaign()
    for number, state in enumerate(State):
        fields = {"reason": "552 5.2.2 full", "domain": "full.example"} if state is State.FAILED else {}
        await _add(campaign, number, state, at=now() - timedelta(minutes=number), **fields)
    return campaign


@pytest.fixture
async def spring(winter: Campaign) -> Campaign:
    """Another, by text message, whose one message failed long ago."""
    campaign = await _campaign("Spring", Channel.SMS)
    await _add(campaign, 100, State.FAILED, at=now() - timedelta(days=9), reason="HTTP 400: no", domain="")
    return campaign


class TestFilters:
    async def test_all_comes_newest_first(self, winter: Campaign, spring: Campaign, bob: Member) -> None:
        assert await _names(bob) == [*(f"P{n}" for n in range(len(State))), "P100"]

    @pytest.mark.parametrize("state", ["sent", "pending", "failed", "skipped", "unknown", "delivered", "sending"])
    @pytest.mark.parametrize("alone", [True, False])
    async def test_a_state(self, winter: Campaign, spring: Campaign, bob: Member, state: str, alone: bool) -> None:
        members = {
            "sent": {State.SENT, State.DELIVERED, State.BOUNCED, State.COMPLAINED},
            "pending": {State.SENDING, State.DEFERRED},
            "skipped": {State.SKIPPED, State.SUPPRESSED, State.CANCELLED},
        }.get(state, {state})
        await collection("campaigns").update_one({"_id": winter.id}, {"$set": {"state": CampaignState.RUNNING}})
        expected = [f"P{n}" for n, one in enumerate(State) if one in members]
        if alone and state == "failed":
            expected.append("P100")
        narrowed = {} if alone else {"campaign_id": winter.id}
        assert await _names(bob, state=state, **narrowed) == expected

    async def test_channel_domain_and_time(self, winter: Campaign, spring: Campaign, bob: Member) -> None:
        assert await _names(bob, channel="sms") == ["P100"]
        assert await _names(bob, domain="@FULL.example. ") == ["P3"]
        assert await _names(bob, campaign_id=winter.id, domain="full.example", state="failed") == ["P3"]
        assert await _names(bob, until=now() - timedelta(days=1)) == ["P100"]
        edge = now() - timedelta(minutes=2, seconds=30)
        assert await _names(bob, since=edge) == ["P0", "P1", "P2"]

    async def test_the_edges_of_a_time_are_since_included_and_until_excluded(
        self, database: object, bob: Member
    ) -> None:
        moment = now()
        await _add(await _campaign(), 1, State.SENT, at=moment)
        assert await _names(bob, since=moment) == ["P1"]
        assert await _names(bob, until=moment) == []

    async def test_an_error(self, winter: Campaign, spring: Campaign, bob: Member) -> None:
        assert await _names(bob, error="mailbox-full") == ["P3"]
        assert await _names(bob, error="HTTP 400: no") == ["P100"]
        assert await _names(bob, error="mailbox-full", campaign_id=spring.id) == []
        assert await _names(bob, error="mailbox-full", state="sent") == []

    async def test_a_search_finds_people_also_within_a_campaign(self, spring: Campaign, bob: Member) -> None:
        ann = await Customer(first_name="Ann", email="ann@example.com").insert()
        for campaign in (spring, await _campaign("Summer")):
            await _add(campaign, 1, State.SENT, customer_id=ann.id, name=f"Ann in {campaign.name}")
        assert sorted(await _names(bob, search="ann@exam")) == ["Ann in Spring", "Ann in Summer"]
        assert await _names(bob, search="ann", campaign_id=spring.id) == ["Ann in Spring"]
        assert await _names(bob, search="ann", campaign_id=spring.id, state="failed") == []
        assert await _names(bob, search="nobody") == []

    async def test_a_search_that_fits_too_many_says_so(
        self, database: object, bob: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.campaigns.record.log_filter.PEOPLE_SEARCHED", 1)
        for name in ("Ann", "Anna"):
            await Customer(first_name=name, email=f"{name}@example.com").insert()
        with pytest.raises(InvalidInput, match="fits more than 1 people"):
            await list_deliveries(bob, search="ann")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("state", "lost"),
            ("channel", "pigeon"),
            ("domain", "two words"),
            ("domain", "a@b"),
            ("domain", "\0"),
            ("domain", "\ud800"),
            ("error", "x" * 300),
            ("error", "\ud800"),
            ("campaign_id", "nonsense"),
            ("customer_id", "nonsense"),
            ("cursor", "nonsense"),
        ],
    )
    async def test_what_cannot_be_is_refused_by_name(
        self, database: object, bob: Member, field: str, value: str
    ) -> None:
        with pytest.raises(InvalidInput) as caught:
            await list_deliveries(bob, **{field: value})
        assert caught.value.errors[0].field == field

    async def test_a_time_that_ends_before_it_begins_is_refused(self, database: object, bob: Member) -> None:
        with pytest.raises(InvalidInput, match="later than since"):
            await list_deliveries(bob, since=now(), until=now() - timedelta(days=1))

    def test_what_takes_too_long_says_what_to_narrow(self) -> None:
        said = too_much(LogFilter(domain="rare.example"))
        assert said.errors[0].field == "domain"
        assert "choose a campaign, or say since when" in said.detail
        assert "choose a state, or give a shorter time" in too_much(LogFilter(campaign_id="0", since=now())).detail


class TestIndexes:
    """A page must not read more than it shows, however much is in the log."""

    @pytest.mark.parametrize(
        "narrowed",
        [
            {},
            {"state": "failed"},
            {"state": "skipped"},
            {"error": "mailbox-full"},
            {"campaign": True},
            {"campaign": True, "state": "sent"},
            {"campaign": True, "state": "failed", "error": "mailbox-full"},
        ],
        ids=str,
    )
    async def test_rows_come_out_of_an_index_in_their_order(
        self, winter: Campaign, bob: Member, narrowed: dict[str, Any]
    ) -> None:
        fields = {key: value for key, value in narrowed.items() if key != "campaign"}
        wanted = LogFilter(campaign_id=winter.id if narrowed.get("campaign") else None, **fields)
        asked = await question(bob, wanted)
        found = collection("deliveries").find(asked.query()).sort(list(asked.sort.keys)).limit(3)
        plan = str((await (found.hint(asked.index) if asked.index else found).explain())["queryPlanner"]["winningPlan"])
        assert "COLLSCAN" not in plan
        assert "'SORT'" not in plan


class TestReasons:
    async def test_groups_add_up_and_their_filters_find_the_same(self, database: object, bob: Member) -> None:
        campaign = await _campaign()
        for number, said in enumerate((*REPLIES, None, "")):
            await _add(campaign, number, State.FAILED, reason=said)
        groups = await why(campaign, [State.FAILED])
        assert sum(group.count for group in groups) == len(REPLIES) + 2
        for group in groups:
            if not group.key:
                continue
            found, _ = await list_deliveries(bob, campaign_id=campaign.id, error=group.key, limit=200)
            assert {one.reason for one in found} == {said for said in REPLIES if group_of(said)[0] == group.key}
            assert len(found) == group.count, group

    async def test_every_group_of_replies_is_reached(self) -> None:
        assert {group.key for group in GROUPS} <= {group_of(said)[0] for said in REPLIES}


class TestLatest:
    async def test_the_tail_is_what_something_became_of(self, winter: Campaign) -> None:
        assert winter.id is not None
        rows = await latest(winter.id, 3)
        assert [row["name"] for row in rows] == ["P1", "P2", "P3"], "P0 is being handed over"


async def _read(pieces: AsyncIterator[bytes]) -> list[dict[str, str]]:
    text = b"".join([piece async for piece in pieces]).decode()
    return list(csv.DictReader(io.StringIO(text)))


class TestExport:
    async def test_it_holds_what_the_list_holds(self, winter: Campaign, spring: Campaign, bob: Member) -> None:
        rows = await _read(await deliveries_csv(bob, LogFilter(state="failed")))
        assert tuple(rows[0]) == DELIVERY_COLUMNS
        assert [(row["campaign"], row["name"], row["state"]) for row in rows] == [
            ("Winter", "P3", "failed"),
            ("Spring", "P100", "failed"),
        ]
        assert (rows[0]["reason"], rows[0]["meaning"]) == ("552 5.2.2 full", "The mailbox is full")

    async def test_odd_characters_survive_and_formulas_do_nothing(self, database: object, bob: Member) -> None:
        campaign = await _campaign('=HYPERLINK("http://evil.example")')
        said = 'a "quoted", line\nwith émoji 😀; and\ttabs'
        await _add(campaign, 1, State.FAILED, name="@SUM(A1)", reason=said, address="+cmd@example.com")
        (row,) = await _read(await deliveries_csv(bob, LogFilter(campaign_id=campaign.id)))
        assert row["campaign"] == '\'=HYPERLINK("http://evil.example")'
        assert row["name"] == "'@SUM(A1)"
        assert row["address"] == "'+cmd@example.com"
        assert row["reason"] == said

    async def test_it_goes_on_over_many_batches(self, database: object, bob: Member) -> None:
        campaign = await _campaign()
        moment = now()
        rows = [
            {
                "_id": f"{campaign.id}:{ObjectId()}",
                "campaign_id": campaign.id,
                "customer_id": ObjectId(),
                "state": "sent",
                "channel": "email",
                "updated_at": moment - timedelta(seconds=n),
            }
            for n in range(1_203)
        ]
        await collection("deliveries").insert_many(rows)
        pieces = [piece async for piece in await deliveries_csv(bob, LogFilter())]
        assert len(pieces) == 4
        assert b"".join(pieces).count(b"\r\n") == 1_204

    async def test_what_is_wrong_is_said_before_the_first_byte(self, database: object, bob: Member) -> None:
        with pytest.raises(InvalidInput, match="state"):
            await deliveries_csv(bob, LogFilter(state="lost"))
        bob.active = False
        with pytest.raises(PermissionDenied):
            await deliveries_csv(bob, LogFilter())
        with pytest.raises(PermissionDenied):
            await campaigns_csv(bob)

    async def test_campaigns_with_who_and_how_many(self, winter: Campaign, bob: Member) -> None:
        await collection("campaigns").update_one({"_id": winter.id}, {"$set": {"launched_by": bob.id, "name": "-1+1"}})
        (row,) = await _read(await campaigns_csv(bob))
        assert (row["name"], row["sent_by"], row["state"], row["audience"]) == ("'-1+1", "Bob", "done", "0")
