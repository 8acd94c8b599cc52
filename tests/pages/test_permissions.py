"""Every page and everything on it, for every role: what the table allows happens, and nothing else does.

Pages come from what is registered, what can be pressed from what is drawn. So a page or a button that is added later is
tried here without a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from bson import ObjectId
from nicegui import ui
from nicegui.testing import User

from app.auth.members import create_member, system_member
from app.auth.permissions import PERMISSIONS
from app.campaigns.life.service import create_campaign, send
from app.customers.service import create_customer
from app.database import collection, database
from app.orders.service import create_order
from app.segments.service import create_segment, update_segment
from models import Delivery, ImportJob, Member
from models.campaign import Channel
from models.delivery import DeliveryState
from models.import_job import ImportStatus
from models.member import Role
from models.outbox import OutboxMessage
from models.values import now
from pages.frame import PERMISSION_OF
from tests.hashing import cheap_hashes
from tests.pages.conftest import UserOf
from tests.pages.pressing import press_everything
from tests.segments.test_rule import condition, group

__all__ = ["cheap_hashes"]

Snapshot = dict[str, list[Any]]

NEEDED: dict[str, tuple[str, ...]] = {
    "customers": ("customers.write", "customers.delete", "orders.write"),
    "orders": ("orders.write",),
    "segments": ("segments.write",),
    "segment_revisions": ("segments.write",),
    "segment_drafts": ("segments.write",),
    "segment_turns": ("segments.write", "campaigns.write"),
    "segment_states": ("segments.write",),
    "segment_keepers": ("segments.write",),
    "campaigns": ("campaigns.write", "campaigns.send"),
    "chunks": ("campaigns.send",),
    "deliveries": ("campaigns.send",),
    "outbox": ("campaigns.send", "customers.delete"),
    "receipts": ("campaigns.send",),
    "suppressions": ("customers.delete",),
    "imports": ("imports.run",),
    "ai_calls": ("ai.use",),
    "policies": ("policies.manage",),
    "members": ("members.manage",),
    "marks": ("members.manage",),
}
"""What a change in a collection takes, any one of these; one's own name, theme and keys are left out of the look."""

OWN = {"last_seen_at", "theme", "name", "timezone", "totp_pending", "token_version", "password_hash"}
READ_MARKS = {"size", "sized_at"}
"""What counting a segment again leaves on it, which everybody may."""


@pytest.fixture
async def places(alice: Member, bob: Member) -> Mapping[str, str]:
    """A shop with one of everything; the ids for the paths."""
    ann = await create_customer(bob, {"first_name": "Ann", "email": "ann@example.com", "email_opt_in": True})
    await create_order(bob, {"customer_id": str(ann.id), "amount": 12, "number": "A-1"})
    segment = await create_segment(bob, name="Everybody", rule=group(condition("first_name", "=", "Ann")))
    await update_segment(bob, segment.id, rule=group(condition("first_name", "notNull", None)))
    message = {"subject": "Hello", "body": "<p>Hello</p>", "channel": "outbox", "segment_ids": [str(segment.id)]}
    draft = await create_campaign(bob, {"name": "Draft", **message})
    gone = await create_campaign(bob, {"name": "On its way", **message})
    await send(bob, gone.id)
    moment, delivery = now(), f"{gone.id}:{ann.id}"
    await Delivery(
        id=delivery,
        campaign_id=gone.id,
        customer_id=ann.id,
        chunk=0,
        state=DeliveryState.UNKNOWN,
        channel=Channel.OUTBOX,
        address="ann@example.com",
        created_at=moment,
        updated_at=moment,
    ).insert()
    await OutboxMessage(
        id=delivery, sender="s@example.com", recipient="ann@example.com", subject="Hello", html="<p>Hello</p>", text=""
    ).insert()
    job = await ImportJob(
        kind="customers", filename="a.csv", status=ImportStatus.DONE, member_id=bob.id, file_id=ObjectId()
    ).insert()
    await create_member(system_member(), email="dora@example.com", name="Dora", password="a long passphrase")
    return {
        "customer_id": str(ann.id),
        "segment_id": str(segment.id),
        "campaign_id": str(draft.id),
        "delivery_id": delivery,
        "message_id": delivery,
        "import_id": str(job.id),
    }


def _address(path: str, places: Mapping[str, str]) -> str:
    address = re.sub(r"{(\w+)}", lambda found: places[found[1]], path)
    return f"{address}?ids={places['segment_id']}" if path.endswith("/overlap") else address


async def _look(me: Member) -> Snapshot:
    """Everything in the database but what members may change of themselves."""
    found: Snapshot = {}
    for name in await database().list_collection_names():
        if name in ("audit", "api_keys") or name.startswith(("session", "fs.", "system")):
            continue
        rows = await collection(name).find().sort("_id", 1).to_list()
        found[name] = [_plain(name, row, me) for row in rows]
    return found


def _plain(name: str, row: dict[str, Any], me: Member) -> dict[str, Any]:
    hidden = READ_MARKS if name == "segments" else set()
    if name == "members":
        hidden = OWN if row["_id"] == me.id else {"last_seen_at"}
    return {key: value for key, value in row.items() if key not in hidden}


def _changed(before: Snapshot, after: Snapshot) -> set[str]:
    return {name for name in {*before, *after} if before.get(name, []) != after.get(name, [])}


def _may(role: Role, path: str) -> bool:
    action = PERMISSION_OF[path]
    return action is None or role in PERMISSIONS[action]


async def _someone(role: Role) -> Member:
    return await Member(email="someone@example.com", name="Someone", role=role).insert()


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_opens_the_pages_of_the_table(user_of: UserOf, places: Mapping[str, str], role: Role) -> None:
    user = await user_of(await _someone(role))
    for path in PERMISSION_OF:
        if not _may(role, path):
            assert (await user.http_client.get(_address(path, places))).status_code == 403, (role, path)
            continue
        await user.open(_address(path, places))
        for href in _links(user):
            target = _page_of(href)
            # A link is a promise: whoever sees it may follow it. Pages are loaded whole, so following it is typing it.
            assert target is None or _may(role, target), (role, path, href)


def _links(user: User) -> list[str]:
    assert user.client is not None
    found = [str(one.props.get("href", "")) for one in user.client.elements.values() if one.tag == "a" and one.visible]
    return [href.partition("?")[0] for href in found if href.startswith("/") and not href.startswith("/api")]


def _page_of(href: str) -> str | None:
    literal = [path for path in PERMISSION_OF if path == href]
    shaped = [path for path in PERMISSION_OF if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), href)]
    return next(iter([*literal, *shaped]), None)


@pytest.mark.parametrize("role", list(Role))
async def test_what_a_role_presses_changes_what_the_table_allows(
    user_of: UserOf, places: Mapping[str, str], role: Role
) -> None:
    me = await _someone(role)
    user = await user_of(me)
    everything: set[str] = set()
    for path in [path for path in PERMISSION_OF if _may(role, path)]:
        before = await _look(me)
        await user.open(_address(path, places))
        await press_everything(user)
        changed = _changed(before, await _look(me))
        for name in changed:
            assert any(role in PERMISSIONS[action] for action in NEEDED[name]), (role, path, name)
        everything |= changed
        await collection("members").update_one({"_id": me.id}, {"$set": {"token_version": 0}})
    if role is Role.VIEWER:
        assert everything == set()
    else:
        assert {"segments", "campaigns", "customers"} <= everything


@pytest.mark.parametrize("over", ["role", "signed out"])
async def test_a_page_from_before_does_nothing_any_more(user_of: UserOf, places: Mapping[str, str], over: str) -> None:
    changes = {"role": {"role": "viewer"}, "signed out": {"token_version": 5}}[over]
    for path in PERMISSION_OF:
        await collection("members").delete_one({"email": "someone@example.com"})
        me = await _someone(Role.OWNER)
        user = await user_of(me)
        await user.open(_address(path, places))
        await collection("members").update_one({"_id": me.id}, {"$set": changes})
        before = await _look(me)
        pressed = await press_everything(user)
        assert pressed, path
        assert _changed(before, await _look(me)) == set(), (over, path)
        for key in await collection("api_keys").find({"member_id": me.id}).to_list():
            assert all(Role.VIEWER in PERMISSIONS[scope] for scope in key["scopes"]), path
            assert over == "role"
        role = (await collection("members").find_one({"_id": me.id}) or {}).get("role")
        assert role == changes.get("role", "owner")


def test_pages_are_loaded_whole() -> None:
    """No part of a page is a page of its own, so there is no way to one around the guard of `pages.frame.page`."""
    assert not hasattr(ui, "sub_pages") or not any(
        "sub_pages" in path.read_text() for path in __import__("pathlib").Path("pages").rglob("*.py")
    )
