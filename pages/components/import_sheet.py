"""The sheet in which a file is chosen, looked at and imported."""

from __future__ import annotations

import re
from typing import Any, Literal

from nicegui import events, ui

from app.errors import CohortError
from app.imports.inspection import Inspection
from app.imports.limits import MAX_FILE_BYTES
from app.imports.service import inspect_upload, start_import
from models.member import Member
from models.values import fold
from pages.components.button import button
from pages.components.field import QUIET
from pages.components.sheet import Sheet
from pages.components.tabs import segmented
from pages.components.text import box, text

ACCEPTED = ".csv,.tsv,.txt,.xlsx,.gz,.zip"
Kind = Literal["customers", "orders"]


class ImportSheet:
    """The sheet: what the file holds, the file, and how its columns would be used before anything is written."""

    def __init__(self, member: Member, kind: Kind) -> None:
        self.member = member
        self.kind: Kind = kind
        self.data: bytes | None = None
        self.filename = ""
        self.mapping: dict[str, str] = {}
        self.sheet = Sheet("Import a file", "CSV or Excel, columns in any order", wide=True)
        with self.sheet:
            segmented(
                [("customers", "Customers", "users"), ("orders", "Orders", "shopping-bag")],
                kind,
                self._choose_kind,
                label="What the file holds",
            )
            self.upload = ui.upload(
                on_upload=self._received, auto_upload=True, max_file_size=MAX_FILE_BYTES, max_files=1
            )
            self.upload.props(
                'accept=".csv,.tsv,.txt,.xlsx,.gz,.zip" flat bordered label="Choose a file or drop it here"'
            )
            self.upload.on("rejected", self._too_large, [])
            self.found = box("stack gap-4")
        with self.sheet.foot:
            button("Cancel", on_click=self.sheet.close)
            self.go = button("Start import", kind="primary", on_click=self._start, enabled=False)

    def open(self) -> None:
        """Show it."""
        self.sheet.open()

    def _too_large(self) -> None:
        self._say(f"This file cannot be taken: CSV or Excel up to {MAX_FILE_BYTES // 2**20} MB.")

    async def _choose_kind(self, kind: str) -> None:
        self.kind = "orders" if kind == "orders" else "customers"
        self.mapping = {}
        if self.data is not None:
            await self._inspect(None)

    async def _received(self, event: events.UploadEventArguments) -> None:
        if event.file.size() > MAX_FILE_BYTES:
            self._too_large()
            return
        self.data, self.filename = await event.file.read(), event.file.name
        self.upload.reset()
        self.mapping = {}
        await self._inspect(None)

    async def _inspect(self, mapping: dict[str, str] | None) -> None:
        assert self.data is not None
        try:
            seen = await inspect_upload(self.member, self.kind, self.data, mapping)
        except CohortError as problem:
            self._say(problem.detail)
            return
        self.mapping = dict(seen.mapping)
        self.found.clear()
        with self.found:
            self._show(seen)
        self.go.set_enabled(seen.problem is None)

    def _say(self, words: str) -> None:
        self.go.set_enabled(False)
        self.found.clear()
        with self.found, box("banner bad").props("role=alert"):
            text(words)

    def _show(self, seen: Inspection) -> None:
        if seen.problem:
            with box("banner warn").props("role=alert"):
                text(seen.problem)
        with box("grid grid-cols-2 gap-3"):
            text(f"Columns of {self.filename}", "strong truncate")
            text("Become", "strong")
        own = {field: field.removeprefix("attributes.") for field in seen.mapping.values() if field not in seen.fields}
        choices = {"": "Leave out"} | seen.fields | own
        for position, column in enumerate(seen.columns):
            example = next((row[position] for row in seen.rows if position < len(row) and row[position]), "")
            with box("grid grid-cols-2 gap-3 items-center"):
                with box("stack min-w-0"):
                    text(column or "Column without a name", "medium truncate")
                    text(f"such as {example}" if example else "empty", "muted t12 truncate")
                control = ui.select(choices | self._own_field(column), value=seen.mapping.get(column, ""))
                control.props(f"{QUIET} options-dense dropdown-icon=expand_more")
                control.props["aria-label"] = f"{column} becomes"
                control.on_value_change(self._remap(column))

    def _own_field(self, column: str) -> dict[str, str]:
        """The choice to keep a column of customers as a field of the shop's own, named after it."""
        key = re.sub(r"[^a-z0-9]+", "_", fold(column)).strip("_")[:64]
        if self.kind != "customers" or not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", key):
            return {}
        return {f"attributes.{key}": f"Own field: {column}"}

    def _remap(self, column: str) -> Any:
        async def change(event: events.ValueChangeEventArguments[str]) -> None:
            mapping = {**self.mapping, column: event.value}
            await self._inspect({name: value for name, value in mapping.items() if value})

        return change

    async def _start(self) -> None:
        assert self.data is not None
        job = await start_import(self.member, self.kind, self.filename, self.data, self.mapping)
        self.sheet.close()
        ui.navigate.to(f"/imports/{job.id}")
