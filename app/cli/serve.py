"""cohort run, demo, web, worker, version."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from app.cli.frame import loading, run_async, settings_now

if TYPE_CHECKING:
    from app.settings import Settings

DEMO_OWNER = "demo@cohort.example"
CLIENT_LIBRARIES = ("aiohttp", "requests", "valkey")
"""What python-socketio loads for its client half, which a server never uses, when it is installed: 0.6 s of a start."""

WEB_PATIENCE_SECONDS = 5
SAMPLE_PATIENCE_SECONDS = 60
SAMPLE_LOADED = "sample_loaded"
"""A file in the data folder that spares every later start the question whether the sample is there."""


def run() -> None:
    """Start everything: embedded servers where no URLs are set, workers and the web server. Ctrl-C stops it."""
    from app.supervisor import Supervisor

    settings = settings_now()

    async def announce(found: Settings) -> str:
        from app.cli.announcement import how_to_sign_in

        return _announcement(f"Cohort runs at {found.base_url}", await how_to_sign_in(found))

    raise typer.Exit(run_async(Supervisor(settings, announce=announce).run()))


def demo() -> None:
    """Start everything on a sample shop, kept in ./demo-data unless DATA_DIR says otherwise."""
    from app.supervisor import Supervisor

    settings = _demo_settings()

    async def announce(found: Settings) -> str:
        from app.cli.announcement import how_to_sign_in_as

        how = await how_to_sign_in_as(found, settings.owner_email, settings.owner_password.get_secret_value())
        return _announcement(f"The sample shop is open at {found.base_url}", how)

    loaded = settings.data_dir / SAMPLE_LOADED
    run = Supervisor(
        settings, announce=announce, purpose="demo", preparation=[] if loaded.exists() else ["load-sample"]
    )
    raise typer.Exit(run_async(run.run()))


def web() -> None:
    """Run the web server alone. Needs MONGODB_URL and REDIS_URL, or a `cohort run` on the same data folder."""
    from app.errors import Unavailable

    settings = settings_now()
    _log_as("web")
    found = run_async(_addressed(settings))
    with loading(*CLIENT_LIBRARIES):
        from app.main import create_app, serve

        application = create_app(found)
    # The server would try again each second; asked here more often, the first page is there sooner.
    with contextlib.suppress(Unavailable):
        run_async(_answering(found, WEB_PATIENCE_SECONDS))
    serve(found, application)


def worker() -> None:
    """Run one worker process. Needs MONGODB_URL and REDIS_URL, or a `cohort run` on the same data folder."""
    settings = settings_now()
    _log_as(os.environ.get("COHORT_PROCESS", "worker"))
    with loading():
        from tasks.worker import run_worker

    run_worker(run_async(_addressed(settings)))


def load_sample() -> None:
    """Load the sample shop, once."""
    from app import database
    from app.demo import load_demo

    async def load(settings: Settings) -> None:
        await database.connect(settings.mongodb_url)
        try:
            await load_demo(settings)
            (settings.data_dir / SAMPLE_LOADED).touch()
        finally:
            await database.disconnect()

    settings = run_async(_answering(settings_now(), SAMPLE_PATIENCE_SECONDS))
    run_async(load(settings))


def version() -> None:
    """Print the version."""
    from importlib.metadata import version as version_of

    print(f"cohort {version_of('cohort')}")


def _log_as(process: str) -> None:
    """Set up the log. Tracebacks are plain there, so structlog need not load what prints pretty ones."""
    with loading("rich"):
        from app.logs import set_up_logging

    set_up_logging(process)


async def _addressed(settings: Settings) -> Settings:
    """The settings with addresses: their own, else those of the `cohort run` on the same data folder."""
    from app.embedded import running_instance
    from app.errors import SettingsError
    from app.settings import use_settings

    if not (settings.mongodb_url and settings.redis_url):
        running = await running_instance(settings)
        if running is None:
            missing = "MONGODB_URL" if not settings.mongodb_url else "REDIS_URL"
            raise SettingsError(f"{missing}: name a server, or use `cohort run`, which starts one")
        settings = running
    use_settings(settings)
    return settings


async def _answering(settings: Settings, seconds: float) -> Settings:
    """`_addressed`, once the servers answer there. Raises Unavailable when they do not in time."""
    from app.reachable import wait_for_servers

    found = await _addressed(settings)
    await wait_for_servers(found, seconds)
    return found


def _demo_settings() -> Settings:
    """The settings in force, with the demo's own data folder and owner where they name none."""
    settings = settings_now()
    overrides: dict[str, object] = {}
    if "data_dir" not in settings.model_fields_set:
        overrides["data_dir"] = Path("demo-data")
    if not settings.owner_email:
        overrides["owner_email"] = DEMO_OWNER
    if not settings.owner_password.get_secret_value():
        folder = overrides.get("data_dir", settings.data_dir)
        assert isinstance(folder, Path)
        overrides["owner_password"] = _demo_password(folder)
    return settings_now(**overrides)


def _demo_password(folder: Path) -> str:
    """Generated once and kept in the folder, readable by this user alone."""
    from app.data_folder import private_folder

    path = private_folder(folder) / "demo_password"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as handle:
        handle.write(secrets.token_urlsafe(9))
    return path.read_text().strip()


def _announcement(*lines: str) -> str:
    """For the person at the console, set apart from the log."""
    return "\n".join(["", *(f"  {line}" for line in lines), "  Ctrl-C stops it.", ""])
