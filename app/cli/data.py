"""cohort import."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.frame import connected, run_async

if TYPE_CHECKING:
    from models.import_job import ImportJob


def import_file(
    kind: Annotated[str, typer.Argument(help="customers or orders.")],
    file: Annotated[Path, typer.Argument(help="A CSV or Excel file with a header.")],
    mapping: Annotated[
        list[str] | None,
        typer.Option("--mapping", metavar="COLUMN=FIELD", help="Which column fills which field; may be repeated."),
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Where refused rows go; default: NAME.rejects.csv here.")
    ] = None,
) -> None:
    """Bring in customers or orders from a file; beside a running instance or without one."""
    wanted = _mapping(mapping)

    async def work() -> bool:
        from app.auth.members import system_member
        from app.imports import service

        _check_file(file)
        async with connected("import"):
            started = time.monotonic()
            system = system_member()
            with _Bar(f"Importing {file.name}") as bar:
                job = await service.import_file(system, kind, file, wanted, bar.show)
            seconds = time.monotonic() - started
            refused = rejects or Path(f"{file.stem}.rejects.csv")
            if job.rejected:
                pieces = [piece async for piece in await service.rejects_csv(system, job.id or "")]
                refused.write_bytes(b"".join(pieces))
        print(
            f"{job.total:,} rows: {job.created:,} created, {job.updated:,} updated, {job.rejected:,} rejected, "
            f"in {seconds:.1f} s."
        )
        if job.rejected:
            print(f"The rejected rows, each with its reason: {refused}")
        if job.status != "done":
            print(f"cohort: {job.error or f'The import was {job.status}.'}", file=sys.stderr)
        return bool(job.status == "done")

    if not run_async(work()):
        raise typer.Exit(1)


class _Bar:
    """A progress bar at a terminal, nothing elsewhere."""

    def __init__(self, label: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            *(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]}")),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
            transient=True,
        )
        self._task = self._progress.add_task(label, total=1.0, rows="")

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, job: ImportJob) -> None:
        """Where the import stands."""
        self._progress.update(self._task, completed=job.progress, rows=f"{job.total:,} rows")


def _check_file(file: Path) -> None:
    """Raises OSError for a file that cannot be read, before any server is started for it."""
    with file.open("rb"):
        pass


def _mapping(pairs: list[str] | None) -> dict[str, str] | None:
    """{column: field} of COLUMN=FIELD pairs; the last = divides, because a column's name may have one."""
    from app.errors import InvalidInput

    if not pairs:
        return None
    mapping: dict[str, str] = {}
    for pair in pairs:
        column, equals, field = pair.rpartition("=")
        if not equals or not column:
            raise InvalidInput.of("--mapping", f"should be COLUMN=FIELD, not {pair!r}")
        mapping[column] = field
    return mapping
