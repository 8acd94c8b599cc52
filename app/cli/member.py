"""cohort member add, list, passwd, role, deactivate, activate."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.frame import connected, run_async

if TYPE_CHECKING:
    from models.member import Member, Role

commands = typer.Typer(no_args_is_help=True, help="Members: who may sign in.", rich_markup_mode=None)

Email = Annotated[str, typer.Argument(help="The member's address.")]
RoleName = Annotated[str, typer.Option("--role", help="owner, manager, marketer or viewer.")]
FromStdin = Annotated[bool, typer.Option("--stdin", help="Read the password from standard input.")]


@commands.command()
def add(
    email: Email,
    role: RoleName = "marketer",
    name: Annotated[str, typer.Option("--name", help="As shown to the others.")] = "",
    stdin: FromStdin = False,
) -> None:
    """Add a member. Asks for the password; a blank one generates one and prints it."""
    password, generated = _password(stdin)

    async def work() -> None:
        from app.auth.members import create_member, system_member

        async with connected("member"):
            member = await create_member(system_member(), email=email, name=name, role=_role(role), password=password)
        print(f"{member.email} is a member now, as {member.role}.")
        if generated:
            print(f"Password: {password}")

    run_async(work())


@commands.command("list")
def list_all() -> None:
    """List the members."""

    async def work() -> None:
        from app.auth.members import system_member
        from app.auth.membership import list_members

        async with connected("member"):
            members = await list_members(system_member())
        for member in members:
            seen = f"last seen {member.last_seen_at:%Y-%m-%d %H:%M} UTC" if member.last_seen_at else "never signed in"
            print(f"{member.email:<40} {member.role:<9} {'' if member.active else 'deactivated, '}{seen}")
        if not members:
            print("No members yet.")

    run_async(work())


@commands.command()
def passwd(email: Email, stdin: FromStdin = False) -> None:
    """Give a member a new password; every session of that member ends."""
    password, generated = _password(stdin)

    async def change(member: Member) -> None:
        from app.auth.members import set_password, system_member

        assert member.id is not None
        await set_password(system_member(), member.id, password)
        print(f"The password of {member.email} is changed.")
        if generated:
            print(f"Password: {password}")

    _for_member(email, change)


@commands.command()
def role(email: Email, role: Annotated[str, typer.Argument(help="owner, manager, marketer or viewer.")]) -> None:
    """Give a member another role; every session of that member ends."""

    async def change(member: Member) -> None:
        from app.auth.members import system_member
        from app.auth.membership import change_role

        assert member.id is not None
        await change_role(system_member(), member.id, _role(role))
        print(f"{member.email} is {role} now.")

    _for_member(email, change)


@commands.command()
def deactivate(email: Email) -> None:
    """Let a member sign in no longer; every session ends at once."""
    _set_active(email, False)


@commands.command()
def activate(email: Email) -> None:
    """Let a deactivated member sign in again."""
    _set_active(email, True)


def _set_active(email: str, active: bool) -> None:
    async def change(member: Member) -> None:
        from app.auth.members import system_member
        from app.auth.membership import set_active

        assert member.id is not None
        await set_active(system_member(), member.id, active)
        print(f"{member.email} may {'sign in again' if active else 'sign in no longer'}.")

    _for_member(email, change)


def _for_member(email: str, change: Callable[[Member], Awaitable[None]]) -> None:
    async def work() -> None:
        from app.auth.members import system_member
        from app.auth.membership import member_by_email

        async with connected("member"):
            await change(await member_by_email(system_member(), email))

    run_async(work())


def _role(text: str) -> Role:
    from app.errors import InvalidInput
    from models.member import Role

    try:
        return Role(text.lower())
    except ValueError:
        raise InvalidInput.of("role", f"should be owner, manager, marketer or viewer, not {text!r}") from None


def _password(stdin: bool) -> tuple[str, bool]:
    """The password, and whether it was generated here."""
    if stdin or not sys.stdin.isatty():
        given = sys.stdin.readline().rstrip("\n")
    else:
        given = typer.prompt("Password (blank generates one)", default="", hide_input=True, show_default=False)
        if given and typer.prompt("Once more", hide_input=True) != given:
            from app.errors import InvalidInput

            raise InvalidInput.of("password", "the two do not match")
    return (given, False) if given else (secrets.token_urlsafe(12), True)
