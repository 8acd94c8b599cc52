"""The one-time link by which the first visitor becomes the owner."""

from __future__ import annotations

import secrets

from app.auth.members import create_member, owner_exists, system_member
from app.auth.passwords import check_choice
from app.auth.welcome_token import FILE_NAME, is_kept_token, token_path
from app.errors import InvalidInput, NotFound
from app.settings import Settings
from models.member import Member, Role


async def check_welcome(settings: Settings, token: str) -> None:
    """Raise NotFound unless this token makes an owner now."""
    if not is_kept_token(settings, token) or await owner_exists():
        raise NotFound("This link has been used already, or it is not complete. The console shows the current one.")


async def claim_welcome(settings: Settings, token: str, *, name: str, email: str, password: str) -> Member:
    """Make the first owner and use the link up.

    Raises NotFound for a link that is used up, InvalidInput for a wrong field; the link stays good then.
    """
    await check_welcome(settings, token)
    if not name.strip():
        raise InvalidInput.of("name", "is required")
    check_choice(password, email, name=name)
    path = token_path(settings)
    claimed = path.with_name(f"{FILE_NAME}.{secrets.token_hex(4)}")
    try:
        path.rename(claimed)
    except FileNotFoundError as problem:
        raise NotFound("This link has just been used.") from problem
    try:
        owner = await create_member(system_member(), email=email, name=name, role=Role.OWNER, password=password)
    except BaseException:
        claimed.rename(path)
        raise
    claimed.unlink(missing_ok=True)
    return owner
