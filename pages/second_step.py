"""The card of the second step on the account page: set it up, turn it off, new recovery codes."""

from __future__ import annotations

from nicegui import ui

from app.auth.second_factor import (
    Enrolment,
    begin_enrolment,
    finish_enrolment,
    has_second_factor,
    renew_recovery_codes,
    turn_off,
)
from app.errors import InvalidInput
from models import Member
from pages.components import Sheet, box, button, card, chip, plural, show_errors, text, text_field, toast
from pages.secret_shown import secret_shown

OFF = "Besides the password, a code from an app on your phone. Who learns the password then still stays outside."
SAVE = "Keep these codes where you will find them without your phone. Each signs you in once. They are shown this once."


class SecondStep:
    """One member's."""

    def __init__(self, member: Member) -> None:
        self.member = member

    def draw(self) -> None:
        """The card, and the sheet that its buttons open."""
        with card("Second step"):
            self.place = box("stack gap-3")
        self.sheet = Sheet("Second step")
        self._fill()

    def _fill(self) -> None:
        self.place.clear()
        with self.place:
            if not has_second_factor(self.member):
                text(OFF, "muted", tag="p")
                with box("line"):
                    button("Set up", icon="lock", on_click=self._begin)
                return
            left = len(self.member.recovery_digests)
            with box("line gap-2"):
                chip("On", "good")
                text(f"{plural(left, 'recovery code', 'recovery codes', self.member.locale)} left", "muted", tag="span")
            with box("line gap-2 flex-wrap"):
                button("New recovery codes", on_click=self._ask_new)
                button("Turn off", on_click=self._ask_off)

    async def _begin(self) -> None:
        enrolment = await begin_enrolment(self.member)
        self._clear("Set up the second step")
        with self.sheet:
            _show(enrolment)
            code = text_field("Code the app shows now", placeholder="123 456", autocomplete="one-time-code")

        async def confirm() -> None:
            try:
                codes = await finish_enrolment(self.member, code.value or "")
            except InvalidInput as problem:
                show_errors({"code": code}, problem)
                return
            await self._refresh()
            self._show_codes(codes)

        with self.sheet.foot:
            button("Turn on", kind="primary", on_click=confirm)
        self.sheet.open()

    def _ask_new(self) -> None:
        code = self._ask("New recovery codes", "The old ones stop working.")

        async def renew() -> None:
            try:
                codes = await renew_recovery_codes(self.member, code.value or "")
            except InvalidInput as problem:
                show_errors({"code": code}, problem)
                return
            await self._refresh()
            self._show_codes(codes)

        with self.sheet.foot:
            button("Make new codes", kind="primary", on_click=renew)

    def _ask_off(self) -> None:
        code = self._ask("Turn off the second step", "From then on your password alone signs you in.")

        async def off() -> None:
            try:
                await turn_off(self.member, code.value or "")
            except InvalidInput as problem:
                show_errors({"code": code}, problem)
                return
            await self._refresh()
            self.sheet.close()
            toast("Second step turned off")

        with self.sheet.foot:
            button("Turn off", kind="danger", on_click=off)

    def _ask(self, title: str, words: str) -> ui.input:
        self._clear(title)
        with self.sheet:
            text(words, "muted", tag="p")
            code = text_field("Code from the app, or a recovery code", autocomplete="one-time-code")
        self.sheet.open()
        return code

    def _show_codes(self, codes: list[str]) -> None:
        self._clear("Recovery codes")
        with self.sheet:
            secret_shown("\n".join(codes), SAVE)
        with self.sheet.foot:
            button("I have kept them", kind="primary", on_click=self.sheet.close)
        self.sheet.open()

    async def _refresh(self) -> None:
        fresh = await Member.get(self.member.id)
        if fresh is not None:
            self.member.totp_secret, self.member.recovery_digests = fresh.totp_secret, fresh.recovery_digests
        self._fill()

    def _clear(self, title: str) -> None:
        self.sheet.clear()
        self.sheet.title.text, self.sheet.subtitle.text = title, ""


def _show(enrolment: Enrolment) -> None:
    text("Scan this with an app such as Aegis, Google Authenticator or 1Password.", "muted", tag="p")
    with box("qr"):
        ui.element("img").props["src"] = enrolment.picture
    text("Or type this secret into it:", "muted t12", tag="p")
    text(enrolment.secret, "mono secret", tag="code").mark("secret")
