"""What every command shares: errors as one line, one loop, a connected database."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from app.settings import Settings

Result = TypeVar("Result")

FAILED = 1
WRONG_SETTINGS = 2


class CommandLine(typer.Typer):
    """A Typer application whose expected errors end it with one line on stderr: code 2 for a wrong setting, else 1."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, **options
        )

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().__call__(*arguments, **options)
        except Exception as problem:
            line = _line(problem)
            if line is None:
                raise
            _end_with(line)


def _line(problem: Exception) -> tuple[str, int] | None:
    """The line and the exit code for an expected error; None for a defect of ours, whose traceback is wanted."""
    from app.errors import CohortError, SettingsError

    if isinstance(problem, CohortError):
        return problem.detail, WRONG_SETTINGS if isinstance(problem, SettingsError) else FAILED
    library = type(problem).__module__.partition(".")[0]
    if library == "pymongo":
        return f"The database refused or does not answer: {str(problem).partition(', Timeout')[0]}", FAILED
    if library == "redis":
        return f"The queue does not answer: {problem}", FAILED
    if isinstance(problem, OSError):
        what = f"{problem.filename}: {problem.strerror}" if problem.filename else str(problem)
        return what, FAILED
    return None


def _end_with(line: tuple[str, int]) -> NoReturn:
    text, code = line
    print(f"cohort: {' '.join(text.split())}", file=sys.stderr, flush=True)
    raise SystemExit(code)


def settings_now(**overrides: object) -> Settings:
    """Read the settings and make them those of this process."""
    from app.settings import read_settings, use_settings

    settings = read_settings(**overrides)
    use_settings(settings)
    return settings


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's work on a loop of its own."""
    return asyncio.run(work)


@contextlib.contextmanager
def loading(*unneeded: str) -> Iterator[None]:
    """Load modules quickly. `unneeded` names optional libraries that what is loaded should not load in its turn.

    Without a look for garbage meanwhile, or among them later: modules make none, and it takes 7 % of the time.
    """
    hidden = [name for name in unneeded if name not in sys.modules]
    gc.disable()
    try:
        for name in hidden:
            sys.modules[name] = None  # type: ignore[assignment]  # how an import is refused, see importlib
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
        gc.freeze()
        gc.enable()


@contextlib.asynccontextmanager
async def connected(purpose: str) -> AsyncIterator[Settings]:
    """The database connected: that of the settings, of the running instance, or of servers started for this command."""
    from app import database
    from app.embedded import running_or_started
    from app.settings import use_settings

    async with running_or_started(settings_now(), purpose) as settings:
        use_settings(settings)
        await database.connect(settings.mongodb_url)
        try:
            yield settings
        finally:
            await database.disconnect()
