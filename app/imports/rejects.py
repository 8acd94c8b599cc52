"""Refused rows: kept with their reason, given back as a CSV file that can be mended and imported again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from pymongo import ReplaceOne

from app.database import collection
from app.imports.formulas import csv_lines
from app.imports.limits import MAX_FIELD_CHARACTERS
from app.imports.table import Row
from models.import_job import ImportJob
from models.import_reject import ImportReject
from models.values import now

EXTRA_COLUMNS = ("import_line", "import_reason")
"""Before the file's own columns; their names fill no field, so the mended file goes in as it is."""

ROWS_AT_ONCE = 500


async def keep(job: ImportJob, rows: Sequence[tuple[Row, str]]) -> None:
    """Keep (row, reason) pairs. Keeping a row again replaces it."""
    writes = []
    for row, reason in rows:
        reject = {
            "_id": f"{job.id}:{row.line}",
            "import_id": job.id,
            "line": row.line,
            "reason": _printable(reason),
            "values": [_printable(value[:MAX_FIELD_CHARACTERS]) for value in row.values],
            "created_at": now(),
        }
        writes.append(ReplaceOne({"_id": reject["_id"]}, reject, upsert=True))
    if writes:
        await collection(ImportReject.Settings.name).bulk_write(writes, ordered=False)


async def as_csv(job: ImportJob) -> AsyncIterator[bytes]:
    """The refused rows in the order of the file, in pieces."""
    yield csv_lines([(*EXTRA_COLUMNS, *job.columns)])
    rows: list[list[str]] = []
    found = collection(ImportReject.Settings.name).find({"import_id": job.id}).sort("line", 1)
    async for reject in found:
        rows.append([str(reject["line"]), reject["reason"], *reject["values"]])
        if len(rows) == ROWS_AT_ONCE:
            yield csv_lines(rows)
            rows.clear()
    if rows:
        yield csv_lines(rows)


def _printable(text: str) -> str:
    """Bytes that were no text, which the database cannot store either, as U+FFFD."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
