"""The life of an import job: taken up under a lease, moved on batch by batch, settled once."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import timedelta
from typing import Any

from beanie import PydanticObjectId
from pymongo import ReturnDocument

from app.database import collection
from app.imports.storage import discard
from models.import_job import ImportJob, ImportStatus
from models.values import now

LEASE = timedelta(seconds=60)
"""Renewed with every batch, which takes well under a second."""

REPEAT = timedelta(seconds=30)
"""How long after one message the clock may send another for the same import."""

MOST_ATTEMPTS = 5

INTERRUPTED = "The import was interrupted. What it had written stays; import the file again."

LIVE = [ImportStatus.QUEUED, ImportStatus.RUNNING]


def new_owner() -> str:
    """A name for one run, unlike any other."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


async def enqueued(job: ImportJob) -> None:
    """Record that a message for the job is on the queue, so that the clock need not send one."""
    await collection(ImportJob.Settings.name).update_one({"_id": job.id}, {"$set": {"enqueued_at": now()}})


async def take_up(job_id: PydanticObjectId, owner: str) -> ImportJob | None:
    """Lease a job that is queued or whose lease has lapsed; None when there is nothing to take."""
    moment = now()
    free = {"$or": [{"lease_until": None}, {"lease_until": {"$lt": moment}}]}
    raw = await collection(ImportJob.Settings.name).find_one_and_update(
        {"_id": job_id, "status": {"$in": LIVE}, "file_id": {"$ne": None}, **free},
        [
            {
                "$set": {
                    "status": ImportStatus.RUNNING,
                    "lease_owner": owner,
                    "lease_until": moment + LEASE,
                    "started_at": {"$ifNull": ["$started_at", moment]},
                    "attempts": {"$add": ["$attempts", 1]},
                }
            }
        ],
        return_document=ReturnDocument.AFTER,
    )
    return ImportJob.model_validate(raw) if raw else None


async def move_on(job: ImportJob, owner: str) -> ImportJob | None:
    """Write the counts of `job` and renew the lease; None when the lease was lost, so the caller must stop."""
    changes = job.model_dump(include={"total", "created", "updated", "rejected", "progress"})
    return await _change(job, owner, {**changes, "attempts": 0, "lease_until": now() + LEASE})


async def settle(job: ImportJob, owner: str, status: ImportStatus, error: str | None = None) -> ImportJob:
    """End the job, if the lease is still held, and let the uploaded file go. The job as it is now."""
    ended: dict[str, Any] = {"status": status, "error": error, "finished_at": now()}
    if status is ImportStatus.DONE:
        ended["progress"] = 1.0
    settled = await _change(job, owner, {**ended, "lease_owner": None, "lease_until": None, "file_id": None})
    if settled is not None and job.file_id is not None:
        await discard(job.file_id)
    return settled or await ImportJob.get(job.id) or job


async def release(job: ImportJob, owner: str) -> None:
    """Give the lease back at once, so that the job can be taken up again without waiting for it to lapse."""
    await _change(job, owner, {"lease_owner": None, "lease_until": None, "enqueued_at": None})


async def due_imports() -> list[PydanticObjectId]:
    """Jobs that wait for a worker and need a message: queued ones, and those left behind by a worker that died.

    Each is named again only after `REPEAT`. An import that ran inside a command which ended before it did cannot be
    taken up, for its file is not stored; it is settled here as failed.
    """
    moment = now()
    jobs = collection(ImportJob.Settings.name)
    lapsed = {"lease_until": {"$lt": moment}}
    ended = {"status": ImportStatus.FAILED, "error": INTERRUPTED, "finished_at": moment}
    await jobs.update_many(
        {"status": {"$in": LIVE}, "file_id": None, **lapsed},
        {"$set": {**ended, "lease_owner": None, "lease_until": None}},
    )
    due = {
        "status": {"$in": LIVE},
        "file_id": {"$ne": None},
        "$and": [
            {"$or": [{"lease_until": None}, lapsed]},
            {"$or": [{"enqueued_at": None}, {"enqueued_at": {"$lt": moment - REPEAT}}]},
        ],
    }
    ids = [raw["_id"] async for raw in jobs.find(due, {"_id": 1}).sort("created_at", 1).limit(100)]
    if ids:
        await jobs.update_many({"_id": {"$in": ids}}, {"$set": {"enqueued_at": moment}})
    return [PydanticObjectId(id) for id in ids]


async def _change(job: ImportJob, owner: str, changes: dict[str, Any]) -> ImportJob | None:
    raw = await collection(ImportJob.Settings.name).find_one_and_update(
        {"_id": job.id, "status": ImportStatus.RUNNING, "lease_owner": owner},
        {"$set": changes},
        return_document=ReturnDocument.AFTER,
    )
    return ImportJob.model_validate(raw) if raw else None
