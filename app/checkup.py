"""What `cohort doctor` looks at. Every check answers; none changes anything but the data folder it has to make."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import stat
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from app.data_folder import holder, private_folder
from app.errors import CohortError, SettingsError
from app.settings import Settings, read_settings

if TYPE_CHECKING:
    from app.channels.smtp_server import SmtpServer

LITTLE_DISK = 2 * 10**9
"""Below this many free bytes the check warns: mongod's journal and oplog alone may take 0.8 GB."""

TINY_DISK = 5 * 10**8


class State(StrEnum):
    """What a check came to."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line of the table."""

    check: str
    state: State
    found: str


async def check_up() -> list[Finding]:
    """All checks in the order of the table; those that need something that failed are left out."""
    try:
        settings = read_settings()
    except SettingsError as problem:
        return [Finding("Settings", State.FAIL, problem.detail)]
    findings = [
        Finding("Settings", State.OK, f"{settings.base_url}, {settings.currency}"),
        _guarded("Data folder", lambda: _data_folder(settings)),
        _guarded("Free disk", lambda: _free_disk(settings)),
        _guarded("Time zone", lambda: _time_zone(settings)),
    ]
    if not settings.mongodb_url:
        from app.server_binaries import mongod_binary, mongod_environment

        environment = mongod_environment(settings.data_dir / "run" / "libraries")
        findings.append(await _program("mongod", mongod_binary, "install libcurl4 and OpenSSL 3", environment))
    if not settings.redis_url:
        from app.server_binaries import valkey_binary

        findings.append(await _program("Valkey", valkey_binary, "install the libraries named here"))
    if all(finding.state != State.FAIL for finding in findings):
        findings += await _servers(settings)
    findings += await mail_findings(settings)
    findings += await outgoing_findings(settings)
    return findings


def _guarded(check: str, look: Callable[[], tuple[State, str]]) -> Finding:
    try:
        return Finding(check, *look())
    except CohortError as problem:
        return Finding(check, State.FAIL, problem.detail)
    except OSError as problem:
        return Finding(check, State.FAIL, str(problem))


def _data_folder(settings: Settings) -> tuple[State, str]:
    folder = private_folder(settings.data_dir.resolve())
    loose = [
        path.name
        for path in (folder / "secret_key", folder / "secret_keys_former", folder / "run")
        if path.exists() and _readable(path)
    ]
    if loose:
        return State.WARN, f"{folder}: others on this machine may read {' and '.join(loose)}; use chmod go= on it"
    other = holder(folder)
    return State.OK, f"{folder}, {f'in use by process {other.pid} (cohort {other.purpose})' if other else 'not in use'}"


def _readable(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _free_disk(settings: Settings) -> tuple[State, str]:
    free = shutil.disk_usage(settings.data_dir).free
    state = State.FAIL if free < TINY_DISK else State.WARN if free < LITTLE_DISK else State.OK
    return state, f"{free / 1e9:,.1f} GB free for {settings.data_dir.resolve()}"


def _time_zone(settings: Settings) -> tuple[State, str]:
    from models.values import now

    local = now().astimezone(settings.zone)
    if "timezone" not in settings.model_fields_set:
        return State.WARN, f"UTC, because TIMEZONE is not set; it is {local:%H:%M} there"
    return State.OK, f"{settings.timezone}; it is {local:%H:%M} there"


async def _program(
    name: str, find: Callable[[], Path], advice: str, environment: dict[str, str] | None = None
) -> Finding:
    """Whether the program is there and loads its libraries, by asking for its version."""
    try:
        binary = find()
        process = await asyncio.create_subprocess_exec(
            *(str(binary), "--version"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
        )
        said = (await process.communicate())[0].decode(errors="replace").strip().splitlines()
    except CohortError as problem:
        return Finding(name, State.FAIL, problem.detail)
    except OSError as problem:
        return Finding(name, State.FAIL, str(problem))
    if process.returncode:
        return Finding(name, State.FAIL, f"{said[-1] if said else 'does not start'} ({advice})")
    return Finding(
        name, State.OK, next((line for line in said if line.startswith(("db version", "Valkey server"))), said[0])[:60]
    )


async def _servers(settings: Settings) -> list[Finding]:
    """The database, its indexes and the queue: those of the settings, of the running instance, or started for this."""
    from app.embedded import running_or_started
    from app.reachable import database_problem, queue_problem

    try:
        async with running_or_started(settings, "doctor") as found:
            problem = await database_problem(found.mongodb_url)
            findings = [
                Finding("Database", State.FAIL if problem else State.OK, problem or _without_secret(found.mongodb_url))
            ]
            if not problem:
                findings.append(await _indexes(found))
                findings.append(await _audit(found))
            problem = await queue_problem(found.redis_url)
            findings.append(
                Finding("Queue", State.FAIL if problem else State.OK, problem or _without_secret(found.redis_url))
            )
            return findings
    except CohortError as problem:
        return [Finding("Servers", State.FAIL, problem.detail)]


def _without_secret(url: str) -> str:
    parts = urlsplit(url)
    return unquote(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl())


async def _indexes(settings: Settings) -> Finding:
    """Whether every index the documents ask for is there; the web server makes them when it starts."""
    from pymongo import AsyncMongoClient

    from models import DOCUMENTS

    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(settings.mongodb_url, serverSelectionTimeoutMS=5_000)
    try:
        database = client.get_default_database("cohort")
        missing: list[str] = []
        for document in DOCUMENTS:
            name = str(getattr(document.Settings, "name", document.__name__))
            there = set(await database[name].index_information())
            wanted = {str(index.document["name"]) for index in getattr(document.Settings, "indexes", [])}
            missing += [f"{name}.{index}" for index in sorted(wanted - there)]
    finally:
        await client.close()
    if missing:
        some = ", ".join(missing[:3]) + (" and others" if len(missing) > 3 else "")
        return Finding("Indexes", State.WARN, f"{len(missing)} missing until the next start: {some}")
    return Finding("Indexes", State.OK, "all there")


async def _audit(settings: Settings) -> Finding:
    """Whether every line of the audit log is what was written."""
    from app import database
    from app.audit.chain import verify
    from app.settings import use_settings

    use_settings(settings)
    await database.connect(settings.mongodb_url, indexes=False)
    try:
        verdict = await verify()
    finally:
        await database.disconnect()
    if verdict.broken_at is not None:
        return Finding("Audit log", State.FAIL, f"{verdict.why}: the log was changed, or SECRET_KEY is another one")
    return Finding("Audit log", State.OK, f"{verdict.lines:,} lines, every seal fits")


async def outgoing_findings(settings: Settings) -> list[Finding]:
    """Whether requests may be sent to where the settings say. Names are looked up, nothing is sent."""
    from app.outgoing.places import Refused, addresses_of
    from app.settings import use_settings

    use_settings(settings)
    findings = []
    for name in ("sms_url", "webhook_url", "oidc_discovery_url"):
        parts = urlsplit(str(getattr(settings, name)))
        if not parts.hostname:
            continue
        check = name.upper()
        try:
            found = await addresses_of(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
            findings.append(Finding(check, State.OK, f"{parts.hostname}: {', '.join(found[:3])}"))
        except Refused as problem:
            findings.append(Finding(check, State.FAIL, str(problem)))
        except (OSError, TimeoutError) as problem:
            words = getattr(problem, "strerror", None) or "the name was not looked up in time"
            findings.append(Finding(check, State.FAIL, f"{parts.hostname}: {words}"))
    return findings


async def mail_findings(settings: Settings) -> list[Finding]:
    """Whether each mail server greets. Nothing is sent and nobody signs in."""
    if not settings.smtp_url:
        words = "SMTP_URL is not set: mail goes to the built-in outbox and reaches nobody"
        return [Finding("Mail", State.WARN, words)]
    from app.channels.smtp_url import servers_of

    servers = servers_of(settings.smtp_url)
    greetings = await asyncio.gather(*(_greeting(server) for server in servers))
    names = ["Mail"] if len(servers) == 1 else [f"Mail: {server.name}" for server in servers]
    return [Finding(name, *found) for name, found in zip(names, greetings, strict=True)]


async def _greeting(server: SmtpServer) -> tuple[State, str]:
    context = ssl.create_default_context() if server.secure else None
    if context is not None and not server.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection(server.host, server.port, ssl=context)
            greeting = (await reader.readline()).decode(errors="replace").strip()
            writer.write(b"QUIT\r\n")
            writer.close()
    except TimeoutError:
        return State.FAIL, f"SMTP_URL: {server.place} does not answer within 10 s"
    except (OSError, ValueError) as problem:
        return State.FAIL, f"SMTP_URL: {server.place}: {getattr(problem, 'strerror', None) or problem}"
    if not greeting.startswith("220"):
        return State.FAIL, f"SMTP_URL: {server.place} says {greeting[:100]!r} instead of 220"
    return State.OK, f"{server.place} says {greeting[:100]}"
