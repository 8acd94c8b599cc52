"""The settings: your account, API keys, the team."""

from __future__ import annotations

import pyotp
from nicegui import ui
from nicegui.testing import User

from app.audit import note
from app.auth.api_keys import create_key, member_of_key
from app.auth.members import authenticate, create_member, system_member
from app.auth.password_links import invite
from models import ApiKey, Member
from models.member import Role
from tests.hashing import cheap_hashes
from tests.pages.conftest import UserOf
from tests.pages.controls import control
from tests.pages.seeing import click_last, column, table_rows, until

__all__ = ["cheap_hashes"]


def shown_secret(user: User) -> str:
    assert user.client is not None
    found = [one for one in user.client.elements.values() if "secret" in one._markers]
    return str(found[-1].text) if found else ""  # type: ignore[attr-defined]  # a TextElement


class TestAccount:
    async def test_name_and_zone_are_saved(self, user: User, alice: Member) -> None:
        await user.open("/settings")
        await user.should_see("Your account")
        control(user, "Name").set_value("Alice Munro")
        control(user, "Time zone").set_value("Europe/Berlin")
        click_last(user, "Save")
        await user.should_see("Saved", retries=30)
        fresh = await Member.get(alice.id)
        assert fresh is not None
        assert (fresh.name, fresh.timezone) == ("Alice Munro", "Europe/Berlin")

    async def test_a_wrong_password_is_said_at_its_field(self, user_of: UserOf) -> None:
        ann = await create_member(system_member(), email="ann@example.com", password="correct horse")
        user = await user_of(ann)
        await user.open("/settings")
        control(user, "Current password").set_value("wrong")
        control(user, "New password").set_value("a lantern under snow")
        click_last(user, "Change password")
        await until(lambda: control(user, "Current password").error)
        assert (await authenticate("ann@example.com", "correct horse")).id == ann.id


class TestSecondStep:
    async def test_it_is_set_up_with_a_code_and_shows_recovery_codes(self, user_of: UserOf) -> None:
        ann = await create_member(system_member(), email="ann@example.com", password="correct horse")
        user = await user_of(ann)
        await user.open("/settings")
        click_last(user, "Set up")
        secret = await until(lambda: shown_secret(user))
        control(user, "Code the app shows now").set_value("12")
        click_last(user, "Turn on")
        await until(lambda: control(user, "Code the app shows now").error)
        control(user, "Code the app shows now").set_value(pyotp.TOTP(secret).now())
        click_last(user, "Turn on")
        codes = await until(lambda: shown_secret(user).split() if "-" in shown_secret(user) else None)
        assert len(codes) == 10
        await user.should_see("10 recovery codes left")
        click_last(user, "Turn off")
        control(user, "Code from the app, or a recovery code").set_value(codes[0])
        click_last(user, "Turn off")
        await user.should_see("Second step turned off", retries=30)
        fresh = await Member.get(ann.id)
        assert fresh is not None
        assert fresh.totp_secret is None


class TestKeys:
    async def test_a_key_is_made_and_shown_once(self, user_of: UserOf, bob: Member) -> None:
        user = await user_of(bob)
        await user.open("/settings/keys")
        await user.should_see("No keys yet", retries=30)
        click_last(user, "New key")
        control(user, "Name").set_value("Nightly import")
        click_last(user, "Create key")
        secret = await until(lambda: shown_secret(user))
        assert (await member_of_key(secret)).scopes == {
            "customers.read",
            "orders.read",
            "segments.read",
            "campaigns.read",
            "deliveries.read",
        }
        click_last(user, "Done")
        await until(lambda: column(user, "name") == ["Nightly import"])
        assert secret not in str(table_rows(user))

    async def test_a_key_without_a_name_is_not_made(self, user: User) -> None:
        await user.open("/settings/keys")
        click_last(user, "New key")
        click_last(user, "Create key")
        await until(lambda: control(user, "Name").error)
        assert await ApiKey.find_all().count() == 0

    async def test_it_is_revoked_after_a_question(self, user: User, alice: Member) -> None:
        await create_key(alice, name="Old", scopes=["customers.read"])
        await user.open("/settings/keys")
        await until(lambda: column(user, "name") == ["Old"])
        user.find(ui.table).trigger("act", ["revoke", table_rows(user)[0]["key"]])
        await user.should_see("Revoke this key?", retries=30)
        click_last(user, "Revoke key")
        await user.should_see("No keys yet", retries=30)


class TestTeam:
    async def test_somebody_is_invited(self, user: User) -> None:
        await user.open("/settings/team")
        click_last(user, "Invite")
        control(user, "Email").set_value("nia@example.com")
        control(user, "Role").set_value(Role.VIEWER)
        click_last(user, "Invite")
        assert "/join?token=" in await until(lambda: shown_secret(user))
        made = await Member.find_one({"email": "nia@example.com"})
        assert made is not None
        assert made.role is Role.VIEWER

    async def test_a_taken_address_is_said_at_its_field(self, user: User, bob: Member) -> None:
        await user.open("/settings/team")
        click_last(user, "Invite")
        control(user, "Email").set_value(bob.email)
        click_last(user, "Invite")
        await until(lambda: "already" in (control(user, "Email").error or ""))

    async def test_a_role_is_changed(self, user: User, alice: Member) -> None:
        made = (await invite(alice, email="nia@example.com", name="Nia")).member
        await user.open("/settings/team")
        await until(lambda: "Invited" in column(user, "state"))
        user.find(ui.table).trigger("open", str(made.id))
        await user.should_see("Every session ends", retries=30)
        control(user, "Role").set_value(Role.MANAGER)
        click_last(user, "Save")
        await user.should_see("Role changed", retries=30)
        fresh = await Member.get(made.id)
        assert fresh is not None
        assert fresh.role is Role.MANAGER

    async def test_it_is_for_owners(self, user_of: UserOf, bob: Member) -> None:
        user = await user_of(bob)
        assert (await user.http_client.get("/settings/team")).status_code == 403
        await user.open("/settings")
        await user.should_see("API keys")
        await user.should_not_see("Team")


class TestAuditLog:
    async def test_a_line_opens_what_changed(self, user: User, alice: Member) -> None:
        await note(alice, "segment.update", id="1", name="VIP", before={"rule": "old rule"}, after={"rule": "new rule"})
        await note(alice, "key.create", name="Import")
        await user.open("/settings/audit?kind=segment")
        await until(lambda: column(user, "what") == ["Segment update"])
        user.find(ui.table).trigger("open", table_rows(user)[0]["key"])
        await user.should_see("old rule", retries=30)
        await user.should_see("new rule")
        click_last(user, "Check seals")
        await user.should_see("All 2 lines are as they were written", retries=30)

    async def test_it_is_not_for_marketers(self, user_of: UserOf, bob: Member) -> None:
        user = await user_of(bob)
        assert (await user.http_client.get("/settings/audit")).status_code == 403


class TestPasswordForms:
    async def test_the_form_of_an_invitation(self, user_of: UserOf, alice: Member) -> None:
        stranger = await user_of(None)
        link = (await invite(alice, email="nia@example.com")).link
        path = link[link.index("/join") :]
        page = await stranger.http_client.get(path)
        assert page.status_code == 200
        assert "nia@example.com" in page.text
        assert (await stranger.http_client.get("/join?token=x")).status_code == 404

    async def test_without_a_mail_server_it_says_who_can_help(self, user_of: UserOf) -> None:
        stranger = await user_of(None)
        page = await stranger.http_client.get("/forgot")
        assert "An owner" in page.text
        assert "<form" not in page.text
