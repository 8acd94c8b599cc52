"""Imports: the door for the page, the API, the command line and the worker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import cast

import structlog
from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import DESCENDING
from pymongo.errors import PyMongoError

from app.audit import note
from app.auth.authorize import authorize
from app.auth.members import system_member
from app.auth.permissions import require
from app.database import collection
from app.errors import CohortError, Conflict, InvalidInput, NotFound, NotSignedIn, PermissionDenied, Unavailable
from app.imports import jobs, rejects, storage
from app.imports.fields import FIELDS, Kind
from app.imports.inspection import Inspection, inspect_file
from app.imports.jobs import due_imports
from app.imports.loader import Interrupted, OnProgress, load
from app.imports.opening import open_import
from app.imports.storage import Upload
from app.limits.members import UPLOADS, count
from app.paging import Sort, check_limit, cursor_after, rows_after
from app.settings import get_settings
from models.import_job import ImportJob, ImportStatus
from models.member import Member
from models.values import now
from tasks.enqueue import enqueue

log = structlog.get_logger(__name__)

NO_MORE = "The member who started this import may not do this any more."
NEWEST = Sort("created", (("created_at", DESCENDING), ("_id", DESCENDING)))


async def inspect_upload(
    member: Member, kind: str, data: Upload, mapping: Mapping[str, str] | None = None
) -> Inspection:
    """What the file looks like and how its columns would be used; nothing is stored."""
    await authorize(member, "imports.run")
    await count(UPLOADS, member)
    async with storage.on_disk(data) as path:
        return await asyncio.to_thread(inspect_file, path, _known(kind), mapping, get_settings().zone)


async def start_import(
    member: Member, kind: str, filename: str, data: Upload, mapping: Mapping[str, str] | None = None
) -> ImportJob:
    """Store the file and put its import on the queue.

    The file is opened and its columns are mapped first, so a file that is unusable as a whole raises InvalidInput or
    TooLarge and leaves nothing behind. Single rows are judged later, by `run_import`.
    """
    await authorize(member, "imports.run")
    await count(UPLOADS, member)
    async with storage.on_disk(data) as path:
        job = await _described(member, _known(kind), filename, path, mapping)
        job.file_id = await storage.store(path, job.filename)
    try:
        await job.insert()
    except BaseException:
        await storage.discard(job.file_id)
        raise
    if await enqueue("import.run", str(job.id)):
        await jobs.enqueued(job)
    await note(member, "import.start", id=job.id, name=job.filename, after={"kind": kind})
    return job


async def run_import(job_id: PydanticObjectId | str) -> ImportJob | None:
    """Work on a stored import until it is settled; None when somebody else does, or nothing is left to do.

    Safe to call any number of times at once: the lease decides. A database that goes away gives the lease back and
    raises, so that the clock finds the job again; anything else that goes wrong is written on the job as `error`.
    """
    owner = jobs.new_owner()
    job = await jobs.take_up(PydanticObjectId(job_id), owner)
    if job is None:
        return None
    if job.attempts > jobs.MOST_ATTEMPTS:
        return await jobs.settle(job, owner, ImportStatus.FAILED, _stuck(job))
    try:
        member = await _author(job)
        async with storage.fetched(cast("PydanticObjectId", job.file_id)) as path:
            return await load(job, owner, path, member, None)
    except Interrupted:
        return None
    except NotSignedIn:
        return await jobs.settle(job, owner, ImportStatus.FAILED, NO_MORE)
    except (Unavailable, PyMongoError, asyncio.CancelledError):
        with contextlib.suppress(PyMongoError, Unavailable):
            await asyncio.shield(jobs.release(job, owner))
        raise
    except CohortError as refusal:
        return await jobs.settle(job, owner, ImportStatus.FAILED, refusal.detail)
    except Exception as defect:
        log.exception("import failed", import_id=str(job.id))
        return await jobs.settle(job, owner, ImportStatus.FAILED, _unexpected(job, defect))


async def import_file(
    member: Member,
    kind: str,
    path: Path,
    mapping: Mapping[str, str] | None = None,
    on_progress: OnProgress | None = None,
) -> ImportJob:
    """Import a file of this machine here and now. `on_progress` gets the job after every batch.

    Raises InvalidInput or TooLarge when the file as a whole is unusable; nothing is recorded then.
    """
    await authorize(member, "imports.run")
    job = await _described(member, _known(kind), path.name, path, mapping)
    owner = jobs.new_owner()
    job.status, job.started_at = ImportStatus.RUNNING, now()
    job.lease_owner, job.lease_until = owner, now() + jobs.LEASE
    await job.insert()
    await note(member, "import.start", id=job.id, name=job.filename, after={"kind": kind})
    try:
        return await load(job, owner, path, member, on_progress)
    except CohortError as refusal:
        return await jobs.settle(job, owner, ImportStatus.FAILED, refusal.detail)
    except BaseException:
        with contextlib.suppress(PyMongoError, Unavailable):
            await asyncio.shield(jobs.settle(job, owner, ImportStatus.FAILED, jobs.INTERRUPTED))
        raise


async def get_import(member: Member, import_id: PydanticObjectId | str) -> ImportJob:
    """The import as it stands. Raises NotFound."""
    require(member, "imports.run")
    return await _found(import_id)


async def list_imports(
    member: Member, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[ImportJob], str | None]:
    """One page of 1 to 200 imports, newest first, and the cursor of the next. Raises InvalidInput."""
    require(member, "imports.run")
    query = rows_after(cursor, NEWEST) if cursor else {}
    found = collection(ImportJob.Settings.name).find(query).sort(list(NEWEST.keys)).limit(check_limit(limit) + 1)
    rows = await found.to_list()
    following = cursor_after(rows[limit - 1], NEWEST) if len(rows) > limit else None
    return [ImportJob.model_validate(row) for row in rows[:limit]], following


async def cancel_import(member: Member, import_id: PydanticObjectId | str) -> ImportJob:
    """End an import. A running one ends after the batch under way; rows that are written stay.

    Raises NotFound, and Conflict when it is over already.
    """
    await authorize(member, "imports.run")
    job = await _found(import_id)
    await note(member, "import.cancel", id=job.id, name=job.filename)
    imports = collection(ImportJob.Settings.name)
    over = {"status": ImportStatus.CANCELLED, "finished_at": now(), "file_id": None}
    waiting = await imports.find_one_and_update({"_id": job.id, "status": ImportStatus.QUEUED}, {"$set": over})
    if waiting is not None:
        await storage.discard(waiting["file_id"])
        return await _found(import_id)
    running = {"_id": job.id, "status": ImportStatus.RUNNING}
    asked = await imports.update_one(running, {"$set": {"cancel_requested": True}})
    if not asked.matched_count:
        raise Conflict("This import is over already.")
    return await _found(import_id)


async def rejects_csv(member: Member, import_id: PydanticObjectId | str) -> AsyncIterator[bytes]:
    """The refused rows as CSV in pieces: line, reason, and the row as the file had it. Raises NotFound at once."""
    await authorize(member, "imports.run")
    job = await _found(import_id)
    await note(member, "import.export-rejects", id=job.id, name=job.filename)
    return rejects.as_csv(job)


async def _described(
    member: Member, kind: Kind, filename: str, path: Path, mapping: Mapping[str, str] | None
) -> ImportJob:
    """A job, not yet written, that says what was found in the file."""
    opened = await asyncio.to_thread(open_import, path, kind, mapping, get_settings().zone)
    opened.table.close()
    return ImportJob(
        kind=kind,
        filename=_plain_name(filename),
        format=opened.table.format,
        mapping=dict(mapping) if mapping is not None else None,
        columns=opened.table.columns,
        used_columns=opened.mapping.names(),
        ignored_columns=list(opened.mapping.ignored),
        created_by=member.id,
    )


async def _author(job: ImportJob) -> Member:
    """Who the import acts as: its author, with the role of today."""
    if job.created_by is None:
        return system_member()
    member = await Member.get(job.created_by)
    if member is None:
        raise PermissionDenied("The member who started this import is not here any more.")
    return member


async def _found(import_id: PydanticObjectId | str) -> ImportJob:
    job = await ImportJob.get(PydanticObjectId(import_id)) if ObjectId.is_valid(import_id) else None
    if job is None:
        raise NotFound("There is no import with this id.")
    return job


def _known(kind: str) -> Kind:
    if kind not in FIELDS:
        raise InvalidInput.of("kind", f"should be customers or orders, not {kind!r}")
    return cast("Kind", kind)


def _plain_name(filename: str) -> str:
    """The name alone, for people to read: no folders of any system, no control characters."""
    name = PurePosixPath(PureWindowsPath(filename).name).name
    return "".join(character for character in name if character.isprintable())[:200] or "file"


def _stuck(job: ImportJob) -> str:
    return (
        f"The import stopped {jobs.MOST_ATTEMPTS} times after row {job.total:,} without getting further. "
        "What it had written stays."
    )


def _unexpected(job: ImportJob, defect: Exception) -> str:
    return (
        f"Something unexpected stopped the import after row {job.total:,} ({type(defect).__name__}). "
        "What it had written stays; the server's log has the details."
    )


__all__ = [
    "Inspection",
    "cancel_import",
    "due_imports",
    "get_import",
    "import_file",
    "inspect_upload",
    "list_imports",
    "rejects_csv",
    "run_import",
    "start_import",
]
