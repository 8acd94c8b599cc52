"""One file brought in, with what became of its rows."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Literal

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from models.values import Moment, now


class ImportStatus(StrEnum):
    """The life of an import."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ImportJob(Document):
    """One import. Whoever holds the lease (`lease_owner`, `lease_until`) writes it, comparing the owner each time.

    `mapping` is {column of the file: field of ours} as asked for; None lets the header decide. `used_columns` is what
    became of it and `ignored_columns` are the rest of `columns`, the file's header.
    At every moment `total` = `created` + `updated` + `rejected`: the rows dealt with so far; `progress` is the share of
    the file read, from 0 to 1. Refused rows are kept as `ImportReject`. `error` says why a failed import failed.
    `file_id` is the uploaded file in GridFS while it is needed; an import from the command line has none.
    `attempts` counts the times in a row that the import was taken up and got nowhere. `enqueued_at` is when a message
    for it was last put on the queue, so that a long queue does not fill with repeats.
    """

    kind: Literal["customers", "orders"]
    filename: str
    format: str = ""
    mapping: dict[str, str] | None = None
    columns: list[str] = Field(default_factory=list)
    used_columns: dict[str, str] = Field(default_factory=dict)
    ignored_columns: list[str] = Field(default_factory=list)
    status: ImportStatus = ImportStatus.QUEUED
    progress: float = 0
    total: int = 0
    created: int = 0
    updated: int = 0
    rejected: int = 0
    error: str | None = None
    cancel_requested: bool = False
    file_id: PydanticObjectId | None = None
    attempts: int = 0
    enqueued_at: Moment | None = None
    lease_owner: str | None = None
    lease_until: Moment | None = None
    created_by: PydanticObjectId | None = None
    created_at: Moment = Field(default_factory=now)
    started_at: Moment | None = None
    finished_at: Moment | None = None

    class Settings:
        name = "imports"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)]),
            IndexModel([("status", ASCENDING), ("lease_until", ASCENDING)]),
        ]

    @property
    def finished(self) -> bool:
        """Whether nothing will change any more."""
        return self.status not in (ImportStatus.QUEUED, ImportStatus.RUNNING)
