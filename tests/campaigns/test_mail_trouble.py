"""What the mail server does to a campaign: away, busy, refusing, silent."""

from __future__ import annotations

import pytest

from app.campaigns.life import service
from app.campaigns.pacing import retries
from app.campaigns.pacing.retries import Ladder
from app.channels import smtp_outage, smtp_server
from app.database import collection
from app.settings import use_settings
from models import Member, Suppression
from models.campaign import CampaignState
from tests.campaigns.conftest import add_people, add_segment, counts, draft, reload, states_of, until, until_state
from tests.fakes.smtp import SmtpSink
from tests.fakes.worker import working


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries after moments instead of minutes."""
    monkeypatch.setattr(retries, "LADDER", Ladder(steps=(0.05, 0.05, 0.05), give_up=3600))
    monkeypatch.setattr(smtp_outage, "FIRST_RETRY_SECONDS", 0.1)
    monkeypatch.setattr(smtp_outage, "LAST_RETRY_SECONDS", 0.3)


async def _launch(member: Member, people: int, **fields: object):
    await add_people(people)
    return await service.send(member, (await draft(member, [await add_segment("All")], **fields)).id)


async def test_a_mail_server_that_is_down_makes_the_campaign_wait_and_say_why(mailing, sink, bob: Member):
    sink.stop()
    campaign = await _launch(bob, 120)
    async with working(mailing):

        async def waiting():
            return (await reload(campaign)).waiting_reason

        reason = await until(waiting)
        assert reason == f"The mail server at 127.0.0.1:{sink.port} cannot be reached: connection refused"
        assert (await counts(campaign)).pending == 120
        assert await states_of(campaign) == {}
        sink.start()
        done = await until_state(campaign, CampaignState.DONE)
    assert done.waiting_reason is None
    assert (await counts(campaign)).sent == 120
    assert set(sink.counts.values()) == {1}


async def test_a_server_that_goes_away_in_the_middle_costs_nobody_the_message(mailing, sink, bob: Member):
    sink.script.latency = 0.005
    campaign = await _launch(bob, 600)
    async with working(mailing):

        async def under_way():
            return sink.counts.total() > 100

        await until(under_way)
        sink.stop()

        async def waiting():
            return (await reload(campaign)).waiting_reason

        await until(waiting)
        await counts(campaign)
        sink.start()
        await until_state(campaign, CampaignState.DONE)
    found = await counts(campaign)
    # What was on the wire when the server vanished is known to nobody but the server.
    assert found.sent + found.unknown == 600
    assert found.unknown <= 8
    assert set(sink.counts.values()) == {1}


async def test_a_refused_sign_in_makes_the_campaign_wait(mailing, sink, bob: Member):
    sink.script.users = {"shop": "right"}
    address = f"127.0.0.1:{sink.port}"
    wrong = mailing.model_copy(update={"smtp_url": f"smtp://shop:wrong@{address}?starttls=never"})
    use_settings(wrong)
    campaign = await _launch(bob, 10)
    async with working(wrong):

        async def waiting():
            return (await reload(campaign)).waiting_reason

        reason = await until(waiting)
        assert "refuses the sign-in" in reason
        assert "535" in reason
        use_settings(mailing.model_copy(update={"smtp_url": f"smtp://shop:right@{address}?starttls=never"}))
        await until_state(campaign, CampaignState.DONE)
    assert sink.counts.total() == 10


async def test_what_is_refused_for_now_is_tried_again_and_what_is_refused_for_good_fails(mailing, sink, bob: Member):
    sink.script.rcpt = {"p1@example.com": ["451 4.3.0 try later", "450 4.2.0 greylisted"]}
    sink.script.data = {"p2@example.com": ["452 4.3.1 full"], "p3@example.com": "550 5.7.1 spam"}
    sink.script.rcpt["p4@example.com"] = "550 5.1.1 no such user"
    sink.script.drop_before_data = {"p5@example.com"}
    sink.script.drop_after_data = {"p6@example.com"}
    campaign = await _launch(bob, 50)
    async with working(mailing):
        await until_state(campaign, CampaignState.DONE)
    found = await counts(campaign)
    assert (found.sent, found.failed, found.unknown) == (47, 2, 1)
    assert set(sink.counts.values()) == {1}
    assert {"p3@example.com", "p4@example.com", "p6@example.com"}.isdisjoint(sink.counts)
    row = await collection("deliveries").find_one({"address": "p1@example.com"})
    assert row is not None
    assert row["attempts"] == 3
    row = await collection("deliveries").find_one({"address": "p3@example.com"})
    assert row is not None
    assert row["reason"] == "550 5.7.1 spam"
    suppressed = await Suppression.find_all().to_list()
    assert [(one.address, one.reason) for one in suppressed] == [("p4@example.com", "bounced")]


async def test_retries_end(mailing, sink, bob: Member, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retries, "LADDER", Ladder(steps=(0.05,), give_up=0.1))
    sink.script.rcpt = {"p1@example.com": "451 4.3.0 try later"}
    campaign = await _launch(bob, 3)
    async with working(mailing):
        await until_state(campaign, CampaignState.DONE)
    row = await collection("deliveries").find_one({"address": "p1@example.com"})
    assert row is not None
    assert (row["state"], row["reason"]) == ("failed", "Given up after 48 hours. 451 4.3.0 try later")


async def test_deferred_deliveries_keep_the_campaign_open_and_count_as_pending(mailing, sink, bob, monkeypatch):
    monkeypatch.setattr(retries, "LADDER", Ladder())
    sink.script.rcpt = {"p1@example.com": "451 4.3.0 try later"}
    campaign = await _launch(bob, 3)
    async with working(mailing):

        async def others_sent():
            return (await counts(campaign)).sent == 2

        await until(others_sent)

        async def resting():
            return await collection("chunks").find_one({"state": "waiting", "next_at": {"$ne": None}})

        chunk = await until(resting)
    row = await collection("deliveries").find_one({"state": "deferred"})
    assert row is not None
    assert row["next_at"] == chunk["next_at"]
    assert 45 <= (row["next_at"] - row["updated_at"]).total_seconds() <= 75
    assert (await counts(campaign)).pending == 1
    assert (await reload(campaign)).state is CampaignState.RUNNING


async def test_too_many_refusals_pause_the_campaign_with_the_reason(mailing, sink, bob: Member):
    sink.script.share = 0.3
    campaign = await _launch(bob, 1200)
    async with working(mailing, threads=1):
        paused = await until_state(campaign, CampaignState.PAUSED)
        assert paused.pause_reason is not None
        assert "refused for good" in paused.pause_reason
        assert "550 5.2.1 mailbox disabled" in paused.pause_reason
        assert sink.counts.total() < 1000
        sink.script.share = 0
        await service.resume(bob, campaign.id)
        await until_state(campaign, CampaignState.DONE)
        failed = (await counts(campaign)).failed
        assert failed > 0
        await service.retry(bob, campaign.id)
        await until_state(campaign, CampaignState.DONE)
    assert (await counts(campaign)).sent == 1200
    assert set(sink.counts.values()) == {1}


async def test_one_connection_may_carry_few_messages(mailing, sink, bob: Member):
    sink.script.close_after = 7
    campaign = await _launch(bob, 200)
    async with working(mailing):
        await until_state(campaign, CampaignState.DONE)
    assert (await counts(campaign)).sent == 200
    assert set(sink.counts.values()) == {1}


def _addresses(count: int) -> list[str]:
    return [f"p{number}@example.com" for number in range(count)]


async def _rows(campaign, **query: object) -> dict[str, dict[str, object]]:
    found = collection("deliveries").find({"campaign_id": campaign.id, **query})
    return {row["address"]: row async for row in found}


async def test_a_server_that_answers_421_for_a_minute_costs_the_minute_alone(mailing, sink, bob: Member):
    sink.script.latency = 0.002
    campaign = await _launch(bob, 400)
    async with working(mailing):

        async def under_way():
            return sink.counts.total() > 50

        await until(under_way)
        sink.script.busy(60)

        async def waiting():
            return (await reload(campaign)).waiting_reason

        reason = await until(waiting)
        assert "421 4.3.2 busy, come back later" in reason
        assert reason.startswith(f"The mail server at 127.0.0.1:{sink.port} ")
        assert (await counts(campaign)).pending > 0
        sink.script.busy(0)
        done = await until_state(campaign, CampaignState.DONE)
    assert done.waiting_reason is None
    assert (await counts(campaign)).sent == 400
    assert set(sink.counts.values()) == {1}
    # Nobody's try was used up by it.
    assert all(row["attempts"] == 1 for row in (await _rows(campaign)).values())


async def test_four_percent_of_451_arrive_at_the_second_try(mailing, sink, bob: Member):
    later = "451 4.3.0 try again later"
    sink.script.shares = {later: 0.04}
    campaign = await _launch(bob, 500)
    async with working(mailing):
        await until_state(campaign, CampaignState.DONE)
    chosen = sink.script.picks(later, _addresses(500))
    assert 10 <= len(chosen) <= 40
    assert (await counts(campaign)).sent == 500
    assert set(sink.counts.values()) == {1}
    again = await _rows(campaign, attempts={"$gt": 1})
    assert set(again) == chosen
    for row in again.values():
        assert later in [event["words"] for event in row["history"]]


async def test_two_percent_of_550_fail_with_the_servers_words(mailing, sink, bob: Member):
    never = "550 5.1.1 no such user here"
    sink.script.shares = {never: 0.02}
    campaign = await _launch(bob, 500)
    async with working(mailing):
        done = await until_state(campaign, CampaignState.DONE)
    chosen = sink.script.picks(never, _addresses(500))
    assert 3 <= len(chosen) <= 20
    found = await counts(campaign)
    assert (found.sent, found.failed) == (500 - len(chosen), len(chosen))
    failed = await _rows(campaign, state="failed")
    assert set(failed) == chosen
    assert {row["reason"] for row in failed.values()} == {never}
    assert {one.address for one in await Suppression.find_all().to_list()} == chosen
    assert done.pause_reason is None


async def test_connections_that_break_before_the_final_dot_cost_nobody_the_message(mailing, sink, bob: Member):
    sink.script.drop_before_share = 0.05
    campaign = await _launch(bob, 400)
    async with working(mailing):
        await until_state(campaign, CampaignState.DONE)
    assert sink.script.picks("before", _addresses(400))
    assert (await counts(campaign)).sent == 400
    assert set(sink.counts.values()) == {1}


async def test_connections_that_break_after_the_final_dot_leave_those_alone_unknown(mailing, sink, bob: Member):
    sink.script.drop_after_share = 0.05
    campaign = await _launch(bob, 400)
    async with working(mailing):
        await until_state(campaign, CampaignState.DONE)
    chosen = sink.script.picks("after", _addresses(400))
    assert chosen
    found = await counts(campaign)
    assert (found.sent, found.unknown, found.failed) == (400 - len(chosen), len(chosen), 0)
    unknown = await _rows(campaign, state="unknown")
    assert set(unknown) == chosen
    for row in unknown.values():
        assert "took the whole message but did not answer" in str(row["reason"])
    assert set(sink.counts.values()) == {1}


@pytest.mark.parametrize("stage", ["accept", "ehlo", "mail", "data", "final"])
async def test_a_server_that_hangs_is_waited_for_and_holds_no_chunk(mailing, sink, bob, monkeypatch, stage: str):
    for name in ("CONNECT_SECONDS", "REPLY_SECONDS", "FINAL_SECONDS"):
        monkeypatch.setattr(smtp_server, name, 0.3)
    sink.script.hang = stage
    campaign = await _launch(bob, 200)
    async with working(mailing):

        async def waiting():
            return (await reload(campaign)).waiting_reason

        reason = await until(waiting, seconds=5)
        assert "within 0.3 s" in reason
        sink.script.hang = ""
        sink.break_connections()
        await until_state(campaign, CampaignState.DONE)
    found = await counts(campaign)
    assert found.sent + found.unknown == 200
    assert found.unknown <= (40 if stage == "final" else 0)
    assert set(sink.counts.values()) == {1}
    unknown = await _rows(campaign, state="unknown")
    assert set(unknown).isdisjoint(sink.counts)


async def test_all_troubles_at_once_end_in_the_right_states(mailing, sink, bob: Member, monkeypatch):
    monkeypatch.setattr(smtp_server, "FINAL_SECONDS", 0.3)
    later, never = "451 4.3.0 try again later", "550 5.1.1 no such user here"
    sink.script.shares = {later: 0.04, never: 0.02}
    sink.script.drop_before_share = sink.script.drop_after_share = 0.02
    sink.script.hang = "final"
    sink.script.hang_for = {"p17@example.com"}
    sink.script.close_after = 25
    sink.script.latency = 0.001
    campaign = await _launch(bob, 600)
    async with working(mailing):

        async def under_way():
            return sink.counts.total() > 200

        await until(under_way)
        sink.script.busy(0.5)
        await until_state(campaign, CampaignState.DONE, seconds=25)
    people = _addresses(600)
    rows = await _rows(campaign)
    failed = {address for address, row in rows.items() if row["state"] == "failed"}
    unknown = {address for address, row in rows.items() if row["state"] == "unknown"}
    assert failed <= sink.script.picks(never, people)
    assert "p17@example.com" in unknown
    assert unknown <= sink.script.picks("after", people) | {"p17@example.com"}
    assert set(sink.counts) == set(people) - failed - unknown
    assert set(sink.counts.values()) == {1}


async def test_a_second_server_takes_over_in_the_middle(mailing, sink, bob: Member):
    with SmtpSink() as other:
        sink.script.latency = other.script.latency = 0.003
        both = mailing.model_copy(update={"smtp_url": f"{sink.url}&name=one {other.url}&name=two"})
        use_settings(both)
        campaign = await _launch(bob, 500)
        async with working(both):

            async def under_way():
                return sink.counts.total() > 50

            await until(under_way)
            sink.stop()
            done = await until_state(campaign, CampaignState.DONE)
        found = await counts(campaign)
        assert found.sent + found.unknown == 500
        assert found.unknown <= 8
        assert done.waiting_reason is None
        together = sink.counts + other.counts
        assert set(together.values()) == {1}
        assert other.counts.total() > 200


async def test_a_server_at_its_limit_slows_the_campaign_without_an_outage(mailing, sink, bob: Member):
    limited = mailing.model_copy(update={"smtp_url": f"{sink.url}&name={bob.id}&per_second=60"})
    use_settings(limited)
    campaign = await _launch(bob, 100)
    async with working(limited):
        done = await until_state(campaign, CampaignState.DONE)
    assert done.pause_reason is None
    assert (await counts(campaign)).sent == 100
    assert set(sink.counts.values()) == {1}
