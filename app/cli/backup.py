"""cohort backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.frame import run_async, settings_now


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write the archive, e.g. cohort-2026-03-01.zip.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Copy the whole database into one file, as of one moment; beside a running instance or without one."""
    from app.backup import write_backup
    from app.embedded import running_or_started

    async def work() -> None:
        async with running_or_started(settings_now(), "backup") as settings:
            contents = await write_backup(settings, file, replace=force)
        size = file.stat().st_size
        print(f"{file}: {contents.total:,} documents of {len(contents.documents)} collections, {size:,} bytes.")

    run_async(work())


def restore(
    file: Annotated[Path, typer.Argument(help="An archive that `cohort backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Replace what the database holds.")] = False,
) -> None:
    """Bring a backup back, after checking all of it. Stop the instance first."""
    from app.backup import read_backup, restore_backup
    from app.data_folder import InUse, holder
    from app.embedded import running_or_started

    async def work() -> None:
        wanted = settings_now()
        await read_backup(file)
        if (other := holder(wanted.data_dir)) is not None:
            raise InUse(f"Stop the running instance first (process {other.pid}, cohort {other.purpose}).")
        async with running_or_started(wanted, "restore") as settings:
            contents = await restore_backup(settings, file, force=force)
        print(
            f"{contents.total:,} documents of {len(contents.documents)} collections restored, as of {contents.made_at}."
        )

    run_async(work())
