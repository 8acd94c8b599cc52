"""Read a file batch by batch and write it through the bulk services, counting every row once."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.bulk import BulkResult, RowError
from app.customers.service import bulk_upsert
from app.imports import jobs, rejects
from app.imports.batches import Batch, Batches
from app.imports.opening import open_import
from app.imports.table import Row
from app.orders.service import bulk_orders
from app.segments.catalogue import forget_catalogue
from app.settings import get_settings
from models.import_job import ImportJob, ImportStatus
from models.member import Member

OnProgress = Callable[[ImportJob], object]

AT_ONCE = 2
"""Batches on their way at the same time: one is read and checked here while the database writes the other."""


class Interrupted(Exception):
    """The lease of a running import went to somebody else, or the job is gone; nothing more may be written."""


async def load(job: ImportJob, owner: str, path: Path, member: Member, on_progress: OnProgress | None) -> ImportJob:
    """Write the file's rows, from the one after the last that `job` counts, and settle the job as done or cancelled.

    Rows are independent: accepted ones stay, whatever happens later. After a crash the rows of the batches that were
    under way are written once more; being upserts they change nothing, but those the lost run had created are then
    counted as updated. Raises CohortError when the file as a whole cannot be used and Interrupted without the lease.
    """
    opened = await asyncio.to_thread(open_import, path, job.kind, job.mapping, get_settings().zone)
    run = _Run(job, member, Batches(opened.outcomes(skip=job.total)))
    try:
        while await run.write_oldest():
            job.progress = opened.table.share_read()
            current = await jobs.move_on(job, owner)
            if current is None:
                raise Interrupted(str(job.id))
            job.cancel_requested = current.cancel_requested
            if on_progress is not None:
                on_progress(current)
    finally:
        await run.stop()
        opened.table.close()
        forget_catalogue()
    return await jobs.settle(job, owner, ImportStatus.CANCELLED if job.cancel_requested else ImportStatus.DONE)


@dataclass
class _Run:
    """Batches on their way. They are counted in the order of the file, so that the count says where to go on."""

    job: ImportJob
    member: Member
    batches: Batches
    _under_way: deque[tuple[Batch, asyncio.Task[BulkResult]]] = field(default_factory=deque)
    _next: Batch | None = None

    async def write_oldest(self) -> bool:
        """Start what can be started, then wait for the oldest batch and count it. False when there is none."""
        await self._start()
        if not self._under_way:
            return False
        batch, task = self._under_way[0]
        result = await task
        self._under_way.popleft()
        await self._count(batch, result)
        return True

    async def stop(self) -> None:
        """Give up what is under way; its transactions are rolled back or, if they are through, not counted."""
        for _, task in self._under_way:
            task.cancel()
            with contextlib.suppress(BaseException):
                await task

    async def _start(self) -> None:
        """Batches that name a customer or an order in common wait for each other, so that the later row wins."""
        while len(self._under_way) < AT_ONCE and not self.job.cancel_requested:
            self._next = self._next or await asyncio.to_thread(self.batches.next)
            if self._next is None or any(not self._next.names.isdisjoint(other.names) for other, _ in self._under_way):
                return
            self._under_way.append((self._next, asyncio.create_task(self._write(self._next))))
            self._next = None

    async def _write(self, batch: Batch) -> BulkResult:
        rows = [outcome.data for outcome in batch.outcomes if outcome.data is not None]
        if not rows:
            return BulkResult()
        return await (bulk_upsert if self.job.kind == "customers" else bulk_orders)(self.member, rows)

    async def _count(self, batch: Batch, result: BulkResult) -> None:
        accepted = [outcome for outcome in batch.outcomes if outcome.data is not None]
        refused: list[tuple[Row, str]] = [(each.row, each.reason) for each in batch.outcomes if each.data is None]
        problems: dict[int, list[str]] = {}
        for error in result.errors:
            problems.setdefault(error.index, []).append(self._reason(error, accepted[error.index].data or {}))
        refused += [(accepted[index].row, "; ".join(reasons)) for index, reasons in problems.items()]
        await rejects.keep(self.job, refused)
        self.job.total += len(batch.outcomes)
        self.job.created += result.created
        self.job.updated += result.updated
        self.job.rejected += len(refused)

    def _reason(self, error: RowError, data: dict[str, Any]) -> str:
        """The reason in the file's own words: its column, and the value if that is short text."""
        columns = {field.partition(":")[0]: column for column, field in self.job.used_columns.items()}
        name = columns.get(error.field, error.field)
        value = data.get(error.field)
        shown = f" {value!r}" if isinstance(value, str) and len(value) <= 60 else ""
        return f"{name}{shown}: {error.message}" if name else error.message
