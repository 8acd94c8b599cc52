"""What an import accepts at most."""

from __future__ import annotations

MAX_FILE_BYTES = 200 * 1024 * 1024
"""Size of an uploaded file, in bytes."""

MAX_COLUMNS = 200
MAX_FIELD_CHARACTERS = 10_000

MAX_LINE_CHARACTERS = 2_100_000
"""Longest physical line, in characters: what 200 full columns with their delimiters need."""

MAX_UNPACKED_BYTES = 1024 * 1024 * 1024
"""Size of a workbook's parts once unpacked: a zip of a few kilobytes can hold gigabytes of nothing."""

BATCH_ROWS = 1_000
"""Rows written at once; also how often progress is recorded and a cancellation is seen."""

SAMPLE_ROWS = 2_000
"""Rows looked at before the first is written, to tell day-first dates from month-first ones and the like."""
