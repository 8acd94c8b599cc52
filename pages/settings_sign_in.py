"""How people sign in here: the ways that are on, and who needs a second step."""

from __future__ import annotations

from fastapi import Request
from nicegui import ui

from app.auth.providers import Provider, discover, providers, return_address
from app.auth.sign_in_policy import require_second_step, sign_in_policy
from app.errors import CohortError, Unavailable
from app.settings import get_settings
from models import Member
from models.sign_in_policy import WhoNeedsSecondStep
from pages.components import box, button, card, chip, confirm, icon, plural, segmented, text, toast
from pages.frame import frame, page
from pages.settings_tabs import settings_tabs

WHO = {
    WhoNeedsSecondStep.NOBODY: "Nobody",
    WhoNeedsSecondStep.MANAGERS: "Owners and managers",
    WhoNeedsSecondStep.EVERYONE: "Everyone",
}
SET_UP = {
    "google": ("Google", "GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET"),
    "oidc": ("Another provider", "OIDC_CLIENT_ID, OIDC_CLIENT_SECRET and OIDC_DISCOVERY_URL"),
}


@page("/settings/sign-in", permission="members.manage", title="Sign-in")
async def settings_sign_in(member: Member, request: Request) -> None:
    """Two cards: the ways, and the second step."""
    policy = await sign_in_policy()
    base = get_settings().public_url or str(request.base_url)
    with frame(member, "Settings", "How people sign in here"):
        settings_tabs(member, "sign-in")
        with box("stack gap-6 narrow"):
            with card("Ways to sign in", note="They come from the settings of this installation."), box("stack"):
                _password()
                for key in SET_UP:
                    _provider(key, providers().get(key), base)
            _second_step(member, policy.second_step)


def _password() -> None:
    with box("way-line"):
        with box("stack min-w-0"):
            text("Password", "medium", tag="span")
            text("For every member who has chosen one.", "muted t12", tag="span")
        chip("On", "good")


def _provider(key: str, found: Provider | None, base: str) -> None:
    name, settings = SET_UP[key]
    with box("way-line"):
        with box("stack gap-2 min-w-0 grow"):
            text(found.name.capitalize() if found and key == "oidc" else name, "medium", tag="span")
            if found is None:
                text(f"Off. Set {settings} to offer it.", "muted t12", tag="span")
                return
            _return_address(return_address(found, base))
            with box("line gap-2 flex-wrap") as line:
                button("Check", icon="plug", small=True, on_click=lambda: _check(found, line))
        chip("On", "good")


def _return_address(address: str) -> None:
    text("Redirect address, for the provider's console:", "muted t12", tag="span")
    with box("line gap-2"):
        text(address, "mono secret grow", tag="code")

        def copy() -> None:
            ui.clipboard.write(address)
            toast("Copied")

        button("Copy", icon="copy", small=True, on_click=copy)


async def _check(provider: Provider, line: ui.element) -> None:
    for old in line.default_slot.children[1:]:
        old.delete()
    try:
        issuer, tone, words = await discover(provider), "tone-good", ""
    except Unavailable as problem:
        issuer, tone, words = "", "tone-bad", problem.detail
    if line.is_deleted:
        return
    with line, box(f"line gap-1 {tone}"):
        icon("circle-alert" if words else "circle-check", "s14")
        text(words or f"Answers as {issuer}", "t12", tag="span")


def _second_step(member: Member, now: WhoNeedsSecondStep) -> None:
    kept = {"who": now}
    note = "A code from an app besides the first proof; who lacks it sets it up at the next sign-in."
    with card("Second step", note=note):
        place = box("stack gap-3")

    async def choose(key: str) -> None:
        who = WhoNeedsSecondStep(key)
        if who is kept["who"]:
            return
        try:
            if await _sure(who):
                out = await require_second_step(member, who)
                kept["who"] = who
                toast(f"{plural(out, 'member', 'members', member.locale)} signed out to set it up" if out else "Saved")
        except CohortError as problem:
            toast(problem.detail)
        finally:
            draw()

    def draw() -> None:
        if place.is_deleted:
            return
        place.clear()
        with place:
            text("Who needs one", "medium", tag="span")
            options: list[tuple[str, str, str | None]] = [(who.value, words, None) for who, words in WHO.items()]
            segmented(options, kept["who"].value, choose, label="Who needs a second step")

    draw()


async def _sure(who: WhoNeedsSecondStep) -> bool:
    if who is WhoNeedsSecondStep.NOBODY:
        return True
    return await confirm(
        f"Require a second step of {WHO[who].lower()}?",
        "Whoever of them has none is signed out now and sets it up at the next sign-in. API keys go on working.",
        action="Require it",
        cancel="Leave it",
    )
