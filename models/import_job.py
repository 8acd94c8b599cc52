"""One file brought in, with what became of its rows."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Literal

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import DESCENDING, IndexModel

from models.values import Moment, now


class ImportStatus(StrEnum):
    """The life of an import."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ImportJob(Document):
    """One import. `file_id` is the uploaded file in GridFS, `rejects_id` the refused rows with their reasons, as CSV.

    `mapping` is {column of the file: field of ours}; None lets the header decide. `error` says why a failed one failed.
    """

    kind: Literal["customers", "orders"]
    filename: str
    mapping: dict[str, str] | None = None
    status: ImportStatus = ImportStatus.QUEUED
    total: int = 0
    created: int = 0
    updated: int = 0
    rejected: int = 0
    error: str | None = None
    file_id: PydanticObjectId | None = None
    rejects_id: PydanticObjectId | None = None
    created_by: PydanticObjectId | None = None
    created_at: Moment = Field(default_factory=now)
    started_at: Moment | None = None
    finished_at: Moment | None = None
    lease_until: Moment | None = None

    class Settings:
        name = "imports"
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("created_at", DESCENDING)])]
