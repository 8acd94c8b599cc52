"""Members: who signs in, and the first owner."""

from __future__ import annotations

import asyncio

import structlog
from beanie import PydanticObjectId
from email_validator import EmailNotValidError, validate_email
from pymongo.errors import DuplicateKeyError

from app.audit import note
from app.auth.authorize import authorize
from app.auth.endings import token_version_moved
from app.auth.passwords import check_password, hash_password, verify_password
from app.auth.welcome_token import kept_token, token_path
from app.database import collection
from app.errors import Conflict, FieldError, InvalidInput, NotSignedIn, SettingsError
from app.settings import Settings
from models.member import Member, Role
from models.values import fold

MAX_NAME = 100
MAX_EMAIL = 320

log = structlog.get_logger(__name__)


def system_member() -> Member:
    """Who acts when no person does: the command line and the worker. Never saved, id None."""
    return Member(email="system@localhost", name="System", role=Role.OWNER)


async def authenticate(email: str, password: str) -> Member:
    """The member with this address and password. Raises NotSignedIn, after the same time whether the address is known.

    An older hash is replaced by an argon2id one on the way.
    """
    wanted = fold(email).encode("utf-8", "replace").decode()[:MAX_EMAIL]
    member = await Member.find_one({"email": wanted})
    known = member.password_hash if member is not None and member.active else None
    matches, better = await asyncio.to_thread(verify_password, password, known)
    if member is None or not matches:
        raise NotSignedIn("Email and password do not match.")
    if better:
        await collection("members").update_one(
            {"_id": member.id, "password_hash": member.password_hash}, {"$set": {"password_hash": better}}
        )
        member.password_hash = better
    return member


async def create_member(
    member: Member, *, email: str, name: str = "", role: Role = Role.MARKETER, password: str | None = None
) -> Member:
    """A new member. Raises InvalidInput for a wrong address or a weak password, Conflict when the address is taken."""
    await authorize(member, "members.manage")
    email = member_email(email)
    name = name.strip()
    if len(name) > MAX_NAME or not name.isprintable():
        raise InvalidInput.of("name", f"should be one line of {MAX_NAME} characters at most")
    hashed = None
    if password is not None:
        check_password(password, email)
        hashed = await asyncio.to_thread(hash_password, password)
    try:
        made = await Member(email=email, name=name, role=role, password_hash=hashed).insert()
    except DuplicateKeyError as problem:
        message = "is already a member's address"
        raise Conflict(f"email: {message}", errors=[FieldError("email", message)]) from problem
    await note(member, "member.create", id=made.id, name=email, after={"name": name, "role": role})
    return made


async def set_password(member: Member, member_id: PydanticObjectId, password: str) -> None:
    """A new password for a member; every session of that member ends. Members may change their own."""
    await authorize(member, None if member.id == member_id else "members.manage")
    found = await Member.get(member_id)
    if found is None:
        raise InvalidInput.of("member", "does not exist")
    check_password(password, found.email)
    hashed = await asyncio.to_thread(hash_password, password)
    await collection("members").update_one(
        {"_id": member_id}, {"$set": {"password_hash": hashed}, "$inc": {"token_version": 1}}
    )
    await token_version_moved(member_id)
    await note(member, "member.password", id=member_id, name=found.email)


async def end_sessions(member: Member, member_id: PydanticObjectId) -> None:
    """End every session of a member at once. Members may end their own."""
    await authorize(member, None if member.id == member_id else "members.manage")
    await collection("members").update_one({"_id": member_id}, {"$inc": {"token_version": 1}})
    await token_version_moved(member_id)
    await note(member, "session.end-all", id=member_id)


async def owner_exists() -> bool:
    """Whether somebody owns this workspace already."""
    return await Member.find_one({"role": Role.OWNER, "active": True}) is not None


async def welcome_link(settings: Settings) -> str | None:
    """The one-time link for the first owner, None when there is an owner. It stays the same until it is used."""
    if await owner_exists():
        token_path(settings).unlink(missing_ok=True)
        return None
    return f"{settings.base_url}/welcome?token={kept_token(settings)}"


async def ensure_owner(settings: Settings) -> None:
    """Create the owner of OWNER_EMAIL and OWNER_PASSWORD when there is no owner.

    Raises SettingsError naming which of the two is wrong. Two processes that start at once create one: the address is
    unique.
    """
    password = settings.owner_password.get_secret_value()
    if not settings.owner_email or not password or await owner_exists():
        return
    try:
        owner = await create_member(
            system_member(), email=settings.owner_email, name="", role=Role.OWNER, password=password
        )
    except InvalidInput as problem:
        wrong = problem.errors[0]
        raise SettingsError(f"OWNER_{wrong.field.upper()}: {wrong.message}") from problem
    except Conflict:
        return
    log.info("created the first owner", member=str(owner.id))


def member_email(text: str) -> str:
    """The folded address. Raises InvalidInput naming `email`."""
    try:
        return fold(validate_email(text.strip(), check_deliverability=False, test_environment=True).normalized)
    except EmailNotValidError as problem:
        raise InvalidInput.of("email", "should be an address such as ann@example.com") from problem
