"""Failed sign-ins: told in the audit log, counted together, and never what somebody typed."""

from __future__ import annotations

import pytest

from app.audit.chain import verify
from app.audit.listing import list_entries
from app.auth import failures
from app.auth.failures import network_of, note_failure, settled
from app.auth.passwords import verify_password
from app.campaigns.record.signals import close_signals
from app.database import collection
from models import AuditEntry, Member
from tests.auth.conftest import Counted


@pytest.fixture(autouse=True)
async def closed_signals(database: object):
    yield
    await settled()
    await close_signals()


async def lines(alice: Member) -> list[AuditEntry]:
    await settled()
    return (await list_entries(alice, action="sign-in.fail", limit=200))[0]


async def test_it_says_whom_it_was_tried_for_from_where_and_why(alice: Member, bob: Member):
    note_failure("203.0.113.9", " BOB@example.com", "password")
    (line,) = await lines(alice)
    assert (line.member, line.member_id, line.via, line.address) == ("Somebody", None, "sign-in", "203.0.113.9")
    assert (line.object_id, line.object_name) == (str(bob.id), bob.email)
    assert line.after == {"count": 1, "network": "203.0.113.0/24", "why": "password", "known": True}


async def test_what_was_typed_is_not_kept(alice: Member):
    for typed in ("correct horse battery", "nobody@example.com", "\0\ud800", ""):
        note_failure("203.0.113.9", typed, "password")
    found = await lines(alice)
    assert [line.after["known"] for line in found] == [False], "addresses that nobody has are counted together"
    raw = str([row async for row in collection("audit").find({})])
    assert "horse" not in raw
    assert "nobody@" not in raw


async def test_a_thousand_failures_are_four_lines(alice: Member, bob: Member):
    for number in range(1000):
        note_failure(f"203.0.113.{number % 250}", bob.email, "password")
    found = await lines(alice)
    assert sorted(line.after["count"] for line in found) == [1, 10, 100, 1000]
    assert (await verify()).broken_at is None


async def test_many_networks_cannot_flood_it_either(alice: Member, bob: Member, monkeypatch):
    monkeypatch.setattr(failures, "MOST_LINES", 5)
    for number in range(40):
        note_failure(f"198.51.{number}.1", bob.email, "password")
    found = await lines(alice)
    assert len(found) == 6
    assert [line.after for line in found if "more" in line.after] == [
        {"more": "further failures of this hour are not listed"}
    ]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
        ("", "unknown"),
    ],
)
def test_networks(address: str, network: str):
    assert network_of(address) == network


async def test_the_same_work_is_done_for_a_known_and_an_unknown_address(database, counted: Counted, monkeypatch):
    """Counted, not timed: one look at the members and one hash, whoever it is; nobody waits for the log."""
    from app.auth import members
    from app.auth.members import authenticate, create_member, system_member
    from app.errors import NotSignedIn

    await create_member(system_member(), email="ann@example.com", password="correct horse")
    gone = await create_member(system_member(), email="gone@example.com", password="correct horse")
    await gone.set({"active": False})
    await Member(email="invited@example.com").insert()
    hashed: list[str] = []

    def counting(plain: str, known: str | None) -> tuple[bool, str | None]:
        hashed.append(plain)
        return verify_password(plain, known)

    monkeypatch.setattr(members, "verify_password", counting)

    def attempt(email: str):
        async def work() -> None:
            with pytest.raises(NotSignedIn):
                await authenticate(email, "wrong")

        return work

    seen = set()
    for email in ("ann@example.com", "nobody@example.com", "gone@example.com", "invited@example.com", ""):
        hashed.clear()
        asked = await counted(attempt(email))
        seen.add((tuple(asked), len(hashed)))
        await collection("system.profile").drop()
    assert seen == {(("query members",), 1)}


async def test_verifying_no_hash_is_one_verification_too(monkeypatch):
    from app.auth import passwords

    done: list[str] = []
    real = passwords._context.verify_and_update

    def counting(secret: str, hash: str):
        done.append(hash.split("$")[1])
        return real(secret, hash)

    monkeypatch.setattr(passwords._context, "verify_and_update", counting)
    for hashed in (None, passwords.hash_password("correct horse")):
        verify_password("wrong", hashed)
    assert done == ["argon2id", "argon2id"]
