"""What changes something looks at the member as they are now, and at objects as theirs or as nobody's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.auth.api_keys import create_key, list_keys, revoke_key, rotate_key
from app.auth.authorize import authorize
from app.auth.members import system_member
from app.auth.membership import change_role, set_active
from app.auth.permissions import ACTIONS, PERMISSIONS, require
from app.campaigns.life.service import create_campaign
from app.customers.service import create_customer
from app.errors import NotFound, NotSignedIn, PermissionDenied
from app.imports.exports import customers_csv
from app.segments.saved.drafts import find_draft
from app.segments.service import create_segment
from models import Member
from models.member import Role
from tests.api.conftest import app, client_of
from tests.segments.test_rule import group

__all__ = ["app"]

MESSAGE = {"name": "X", "subject": "Y", "body": "Z"}


async def test_the_role_of_this_moment_counts(bob: Member) -> None:
    await bob.set({"role": Role.VIEWER})
    stale = bob.model_copy(update={"role": Role.MARKETER})
    with pytest.raises(PermissionDenied, match="A viewer may not"):
        await authorize(stale, "campaigns.write")
    for door in (
        create_campaign(stale, MESSAGE),
        create_customer(stale, {"name": "X"}),
        create_segment(stale, name="X", rule=group()),
        customers_csv(stale),
    ):
        with pytest.raises(PermissionDenied):
            await door


async def test_a_better_role_counts_at_once_too(charlie: Member) -> None:
    stale = charlie.model_copy()
    await charlie.set({"role": Role.MANAGER})
    assert (await authorize(stale, "customers.delete")).role is Role.MANAGER


async def test_who_was_signed_out_or_deactivated_does_nothing(alice: Member, bob: Member, charlie: Member) -> None:
    await change_role(alice, bob.id, Role.OWNER)
    await set_active(alice, charlie.id, False)
    for stale in (bob, charlie):
        for action in (None, "segments.read"):
            with pytest.raises(NotSignedIn, match="session is over"):
                await authorize(stale, action)
        with pytest.raises(NotSignedIn):
            await create_key(stale, name="Back door", scopes=["customers.read"])


async def test_a_key_does_no_more_than_its_member_now(bob: Member) -> None:
    keyed = bob.limited_to(frozenset(PERMISSIONS))
    await authorize(keyed, "campaigns.write")
    await bob.set({"role": Role.VIEWER})
    with pytest.raises(PermissionDenied):
        await authorize(keyed, "campaigns.write")


async def test_the_command_line_and_the_worker_act_as_given() -> None:
    for action in ACTIONS:
        assert (await authorize(system_member(), action.name)).role is Role.OWNER


@pytest.mark.parametrize("action", [action.name for action in ACTIONS if action.by_person])
def test_no_key_is_given_what_a_person_has_to_do(action: str) -> None:
    keyed = system_member().limited_to(frozenset(PERMISSIONS))
    with pytest.raises(PermissionDenied, match="a member who signed in"):
        require(keyed, action)


def test_every_door_that_writes_reads_the_member_anew() -> None:
    """`require` trusts the member it is given, so it stands before reading alone."""
    writes = re.compile(r"\brequire\(member, \"[a-z.]+\.(write|delete|send|approve|manage|run|export)\"\)")
    allowed = {"list_members", "member_by_email", "read_segment", "get_import", "list_imports"}
    for path in Path("app").rglob("*.py"):
        if path.parts[1] == "api":
            continue
        for function in re.split(r"\n(?=async def |def |    async def )", path.read_text()):
            name = re.match(r"\s*(?:async )?def (\w+)", function)
            if name and writes.search(function):
                assert name[1] in allowed, (path, name[1])


class TestAnotherMembersObjects:
    """Not found, as if there were none: whose something is, is nobody else's business."""

    async def test_keys(self, app, alice: Member, bob: Member, charlie: Member) -> None:
        key = (await create_key(bob, name="Bob's", scopes=["customers.read"])).key
        for other in (alice, charlie):
            with pytest.raises(NotFound):
                await rotate_key(other, key.id)
        with pytest.raises(NotFound):
            await revoke_key(charlie, key.id)
        assert await list_keys(charlie) == []
        async with client_of(app, charlie) as client:
            for method, path in (("POST", f"/api/keys/{key.id}/rotate"), ("DELETE", f"/api/keys/{key.id}")):
                theirs = await client.request(method, path)
                nobodys = await client.request(method, path.replace(str(key.id), "0" * 24))
                assert (theirs.status_code, theirs.json()["detail"]) == (404, nobodys.json()["detail"])
        await revoke_key(alice, key.id)  # an owner may end anybody's

    async def test_drafts_of_segments(self, alice: Member, bob: Member) -> None:
        from app.segments.saved.drafts import Work, discard_draft, keep_draft

        segment = await create_segment(bob, name="Shared", rule=group())
        work = Work(rule=group(), name="Bob's words")
        await keep_draft(bob, segment.id, work)
        assert await find_draft(alice, segment.id) is None
        await discard_draft(alice, segment.id)
        assert await find_draft(bob, segment.id) is not None
