"""The audit log: what it holds, what it never holds, and that a change of it shows."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from app.audit import note
from app.audit.chain import read_head, verify
from app.audit.listing import entries_csv, list_entries, people
from app.audit.origin import Origin, asked_from
from app.auth.members import create_member, system_member
from app.auth.membership import change_role
from app.customers.service import create_customer, update_customer
from app.database import collection
from app.errors import InvalidInput, PermissionDenied
from app.segments.service import create_segment, delete_segment, update_segment
from app.settings import use_settings
from models.member import Role
from models.values import now
from tests.hashing import cheap_hashes
from tests.segments.test_rule import condition, group

__all__ = ["cheap_hashes"]


class TestWhatItHolds:
    async def test_who_did_what_to_what_before_and_after(self, alice, bob):
        segment = await create_segment(bob, name="Pune", rule=group(condition("city", "=", "Pune")))
        await update_segment(bob, segment.id, rule=group(condition("city", "=", "Delhi")))
        await delete_segment(alice, segment.id)
        found, _ = await list_entries(alice, action="segment")
        assert [one.action for one in found] == ["segment.delete", "segment.update", "segment.create"]
        deleted, updated, created = found
        assert (deleted.member, updated.member_id) == (alice.name, bob.id)
        assert (updated.object_id, updated.object_name) == (str(segment.id), "Pune")
        assert "Pune" in updated.before["rule"]
        assert "Delhi" in updated.after["rule"]
        assert "name" not in updated.before
        assert created.via == "command"

    async def test_where_it_came_from(self, bob, alice):
        token = asked_from.set(Origin("api", "203.0.113.9"))
        try:
            await create_segment(bob, name="One", rule=group())
            await create_segment(bob.limited_to(frozenset({"segments.write"})), name="Two", rule=group())
        finally:
            asked_from.reset(token)
        (two, one), _ = await list_entries(alice, action="segment.create")
        assert (one.via, one.address, two.via) == ("api", "203.0.113.9", "key")

    async def test_people_and_secrets_are_not_in_it(self, alice, bob):
        customer = await create_customer(bob, {"first_name": "Krista", "email": "krista@example.com"})
        await update_customer(bob, customer.id, {"city": "Trondheim", "email": "heinz@example.com"})
        await create_member(alice, email="new@example.com", password="a lantern under snow")
        await note(alice, "x.y", after={"smtp_password": "geheim", "nested": {"api_token": "geheim", "to": "ok"}})
        raw = str([row async for row in collection("audit").find({})])
        for secret in ("krista", "heinz", "Trondheim", "lantern", "geheim", "argon2"):
            assert secret not in raw, secret
        (updated,), _ = await list_entries(alice, action="customer.update")
        assert set(updated.after) == {"city", "email"}

    async def test_odd_values_come_back_as_they_were_sealed(self, alice):
        odd = {"a.b": 1, "$set": "x", "when": now(), "many": [1, {"k.v": "x" * 900}], "\ud800": "\x00", "n": 1.5}
        await note(alice, "x.odd", before={}, after=odd)
        assert (await verify()).broken_at is None


class TestTheChain:
    @pytest.fixture
    async def lines(self, alice, bob):
        for number in range(6):
            await note(bob, "x.step", id=number, after={"number": number})

    async def test_it_holds(self, lines):
        verdict = await verify()
        assert (verdict.lines, verdict.broken_at) == (6, None)

    @pytest.mark.parametrize(
        "change",
        [
            {"member": "Somebody else"},
            {"after": {"number": 7}},
            {"at": now() - timedelta(days=1)},
            {"address": "203.0.113.1"},
            {"seal": "0" * 64},
        ],
    )
    async def test_a_changed_line_shows(self, lines, change):
        await collection("audit").update_one({"_id": 3}, {"$set": change})
        assert (await verify()).broken_at == 3

    async def test_a_missing_line_shows(self, lines):
        await collection("audit").delete_one({"_id": 4})
        assert (await verify()).broken_at == 4

    async def test_missing_last_lines_show(self, lines):
        await collection("audit").delete_many({"_id": {"$gt": 4}})
        verdict = await verify()
        assert (verdict.lines, verdict.broken_at) == (4, 5)
        assert "5 to 6" in verdict.why

    async def test_lines_in_another_order_show(self, lines):
        two, three = [await collection("audit").find_one({"_id": number}) for number in (2, 3)]
        await collection("audit").replace_one({"_id": 2}, {**three, "_id": 2})
        await collection("audit").replace_one({"_id": 3}, {**two, "_id": 3})
        assert (await verify()).broken_at == 2

    async def test_a_line_that_was_put_in_shows(self, lines):
        last = await collection("audit").find_one({"_id": 6})
        await collection("audit").insert_one({**last, "_id": 7})
        assert (await verify()).broken_at == 7

    async def test_what_was_written_after_lines_were_taken_away_hides_nothing(self, lines, alice):
        await collection("audit").delete_many({"_id": {"$gt": 4}})
        for number in range(5):
            await note(alice, "x.later", id=number)
        verdict = await verify()
        assert (verdict.lines, verdict.broken_at) == (9, 6)
        assert "put in their place" in verdict.why

    async def test_nor_does_an_emptied_log(self, lines, alice):
        await collection("audit").delete_many({})
        assert (await verify()).broken_at == 1
        for number in range(8):
            await note(alice, "x.later", id=number)
        assert (await verify()).broken_at == 6

    async def test_lines_of_another_machine_are_no_gap(self, lines, alice, settings, tmp_path_factory):
        use_settings(settings.model_copy(update={"data_dir": tmp_path_factory.mktemp("other")}))
        for number in range(3):
            await note(alice, "x.elsewhere", id=number)
        use_settings(settings)
        await note(alice, "x.here")
        assert ((await verify()).lines, read_head()[0]) == (10, 10)

    async def test_who_has_not_the_key_cannot_seal_again(self, lines, settings):
        from app.audit.chain import seal

        use_settings(settings.model_copy(update={"secret_key": type(settings.secret_key)("x" * 40)}))
        previous = (await collection("audit").find_one({"_id": 5}))["seal"]
        line = await collection("audit").find_one({"_id": 6})
        line["member"] = "Somebody else"
        await collection("audit").update_one(
            {"_id": 6}, {"$set": {"member": line["member"], "seal": seal(line, previous)}}
        )
        use_settings(settings)
        assert (await verify()).broken_at == 6

    async def test_many_at_once_leave_no_gap(self, alice, bob):
        await asyncio.gather(*(note(bob, "x.many", id=number) for number in range(60)))
        verdict = await verify()
        assert (verdict.lines, verdict.broken_at) == (60, None)
        assert len(await collection("audit").distinct("object_id")) == 60


class TestReading:
    async def test_it_is_for_owners_and_managers(self, bob, charlie):
        for member in (bob, charlie):
            with pytest.raises(PermissionDenied):
                await list_entries(member)
            with pytest.raises(PermissionDenied):
                await entries_csv(member)

    async def test_pages_and_filters(self, alice, bob):
        for number in range(5):
            await note(bob, "x.step", id=number)
        await note(alice, "y.step")
        first, cursor = await list_entries(alice, limit=4)
        rest, end = await list_entries(alice, limit=4, cursor=cursor)
        assert [one.id for one in (*first, *rest)] == [6, 5, 4, 3, 2, 1]
        assert end is None
        assert len((await list_entries(alice, action="x"))[0]) == 5
        assert len((await list_entries(alice, by=alice.id))[0]) == 1
        assert len((await list_entries(alice, object_id="3"))[0]) == 1
        assert len((await list_entries(alice, about="3"))[0]) == 1
        assert (await list_entries(alice, since=now() + timedelta(hours=1)))[0] == []
        for wrong in ({"action": "x.*"}, {"action": "$where"}, {"by": "me"}, {"limit": 0}):
            with pytest.raises(InvalidInput):
                await list_entries(alice, **wrong)

    async def test_by_name_and_by_network_address(self, alice, bob):
        for address, name in (("203.0.113.9", "Spring sale"), ("198.51.100.7", "Summer (1)")):
            token = asked_from.set(Origin("api", address))
            await note(bob, "campaign.send", id=name, name=name)
            asked_from.reset(token)
        for narrowed in ({"about": "sPRing"}, {"address": "203.0.113.9"}, {"address": "203."}):
            assert [one.object_name for one in (await list_entries(alice, **narrowed))[0]] == ["Spring sale"]
        assert [one.object_name for one in (await list_entries(alice, about="(1)"))[0]] == ["Summer (1)"]
        assert (await list_entries(alice, about=".*"))[0] == []
        for wrong in ({"about": "\ud800"}, {"address": "\0"}):
            with pytest.raises(InvalidInput):
                await list_entries(alice, **wrong)
        assert await people(alice) == {str(bob.id): "Bob"}

    async def test_as_csv_without_formulas(self, alice):
        await note(alice, "x.step", name="=cmd()", after={"note": "ünï"})
        text = b"".join([piece async for piece in await entries_csv(alice)]).decode()
        assert text.startswith("number,at,member,via,address,action")
        assert "'=cmd()" in text
        assert "ünï" in text

    async def test_a_role_change_is_in_it(self, alice, bob):
        await change_role(alice, bob.id, Role.VIEWER)
        (line,), _ = await list_entries(alice, action="member.role")
        assert (line.before, line.after, line.object_name) == ({"role": "marketer"}, {"role": "viewer"}, bob.email)
        assert system_member().id is None
