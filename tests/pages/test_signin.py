"""Sign-in and welcome: plain pages that need no script."""

from __future__ import annotations

from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from app.auth.members import create_member, system_member, welcome_link
from app.auth.session import COOKIE
from app.customers.service import create_customer
from app.settings import Settings
from models import Member
from models.member import Role
from pages import palette, sessions
from pages.components.button import Button
from tests.pages.conftest import UserOf
from tests.pages.seeing import tables, until

PASSWORD = "a long enough sentence"
HERE = {"Origin": "http://cohort.test"}


class TestSignIn:
    async def test_a_stranger_is_sent_to_the_form_and_told_where_to_return(self, user_of: UserOf) -> None:
        stranger = await user_of(None)
        response = await stranger.http_client.get("/customers?q=ann")
        assert response.status_code == 303
        assert response.headers["location"] == "/signin?next=%2Fcustomers%3Fq%3Dann"

    async def test_the_form_signs_in_and_returns(self, user_of: UserOf) -> None:
        await create_member(system_member(), email="dana@example.com", name="Dana", role=Role.OWNER, password=PASSWORD)
        stranger = await user_of(None)
        form = await stranger.http_client.get("/signin?next=/orders")
        assert form.status_code == 200
        for part in ('method="post"', 'autocomplete="username"', 'autocomplete="current-password"', 'value="/orders"'):
            assert part in form.text
        data = {"email": "dana@example.com", "password": PASSWORD, "next": "/orders"}
        done = await stranger.http_client.post("/signin", data=data, headers=HERE)
        assert (done.status_code, done.headers["location"]) == (303, "/orders")
        assert COOKIE in done.cookies
        await stranger.open("/orders")
        await stranger.should_see(marker="page-title", content="Orders")

    async def test_a_wrong_password_says_so_without_saying_which(self, user_of: UserOf) -> None:
        stranger = await user_of(None)
        data = {"email": "nobody@example.com", "password": "wrong"}
        back = await stranger.http_client.post("/signin", data=data, headers=HERE, follow_redirects=True)
        assert "Email and password do not match" in back.text

    async def test_next_is_escaped(self, user_of: UserOf) -> None:
        stranger = await user_of(None)
        page = await stranger.http_client.get('/signin?next="><script>alert(1)</script>')
        assert "<script>alert" not in page.text

    async def test_who_is_signed_in_goes_on(self, user: User) -> None:
        response = await user.http_client.get("/signin")
        assert (response.status_code, response.headers["location"]) == (303, "/")


class TestSessionEnds:
    async def test_open_pages_are_sent_to_sign_in(self, user: User, alice: Member) -> None:
        await sessions.look_once()  # pages of earlier tests, whose members are gone
        await user.open("/customers")
        assert await sessions.look_once() == 0
        await alice.set({"token_version": alice.token_version + 1})
        assert await sessions.look_once() == 1
        assert await sessions.look_once() == 0


class TestWelcome:
    async def test_the_first_owner_is_made_by_the_link(self, user_of: UserOf, settings: Settings) -> None:
        link = await welcome_link(settings)
        assert link is not None
        token = link.partition("token=")[2]
        stranger = await user_of(None)
        form = await stranger.http_client.get(f"/welcome?token={token}")
        assert "Create the workspace" in form.text
        short = {"token": token, "name": "Mira", "email": "mira@example.com", "password": "short"}
        back = await stranger.http_client.post("/welcome", data=short, headers=HERE, follow_redirects=True)
        assert "ten characters or more" in back.text
        assert await Member.count() == 0
        done = await stranger.http_client.post("/welcome", data={**short, "password": PASSWORD}, headers=HERE)
        assert done.headers["location"] == "/"
        await stranger.open("/")
        await stranger.should_see("Three steps to your first campaign")

    async def test_a_used_link_says_where_to_go(self, user_of: UserOf, alice: Member) -> None:
        stranger = await user_of(None)
        page = await stranger.http_client.get("/welcome?token=gone")
        assert page.status_code == 404
        assert "Go to sign-in" in page.text


class TestNowhere:
    async def test_an_unknown_address_is_a_page_and_404(self, user: User) -> None:
        response = await user.http_client.get("/no/such/page")
        assert response.status_code == 404
        assert "Not found" in response.text

    async def test_the_style_sheet_is_served_for_ever(self, user: User) -> None:
        await until(lambda: True)
        from pages import theme

        response = await user.http_client.get(theme.stylesheet_url())
        assert response.headers["content-type"].startswith("text/css")
        assert "immutable" in response.headers["cache-control"]


class TestFrame:
    async def test_a_role_without_the_permission_gets_a_page_that_says_so(self, viewer: User) -> None:
        response = await viewer.http_client.get("/imports")
        assert response.status_code == 403
        assert "Your role is viewer" in response.text

    async def test_the_theme_is_kept_on_the_member(self, user: User, alice: Member) -> None:
        page = await user.http_client.get("/customers")
        assert "cohortTheme('auto')" in page.text
        await user.open("/customers")
        assert user.client is not None
        dark = next(e for e in user.client.elements.values() if e.props.get("aria-label") == "Dark")
        UserInteraction(user, {dark}, "Dark").click()
        await until(lambda: user.client and user.client.storage["dark_mode"].value is True, "the dark theme")
        page = await user.http_client.get("/customers")
        assert "cohortTheme('dark')" in page.text

    async def test_an_unexpected_error_is_a_toast_and_a_log_line(self, user: User) -> None:
        await user.open("/customers")
        await until(lambda: tables(user))

        async def broken(*_: object) -> None:
            raise RuntimeError("secret detail")

        assert user.client is not None
        with user.client.content:
            button = Button("Break", icon=None, kind="plain", href=None, small=False, submit=False)
            button.when_clicked(broken)
        user.find("Break").click()
        await until(lambda: user.notify.messages, "a toast")
        assert user.notify.messages == ["Something went wrong; nothing was changed."]

    async def test_the_palette_finds_customers_and_pages(self, alice: Member) -> None:
        await create_customer(alice, {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.com"})
        await create_customer(alice, {"first_name": "Zoe", "last_name": "Abel", "email": "zoe@example.com"})
        found = await palette.find(alice, "ann le")
        assert [(hit.group, hit.label, hit.sub) for hit in found] == [("Customers", "Ann Lee", "ann@example.com")]
        assert [hit.href for hit in await palette.find(alice, "outb")] == ["/outbox"]
        assert await palette.find(alice, "$where (") == []
        assert await palette.find(alice, "mi") == [], "words between two of Zoe's terms are none of them"
