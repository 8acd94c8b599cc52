"""The sheet in which a segment is pasted or uploaded, looked at, and saved."""

from __future__ import annotations

from nicegui import events, ui

from app.errors import Conflict, InvalidInput
from app.segments.preview import preview
from app.segments.saved.exchange import LARGEST, Incoming, read_segment
from app.segments.service import create_segment
from models.member import Member
from models.segment import RuleSource
from pages.components.button import button
from pages.components.field import show_errors, text_field, textarea
from pages.components.figures import number
from pages.components.sheet import Sheet
from pages.components.text import box, text

EXAMPLE = '{"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": "Pune"}]}'


def import_segment(member: Member) -> None:
    """Open the sheet. What is saved becomes a new segment, whose page opens."""
    ImportSegment(member).open()


class ImportSegment:
    """The sheet: a file or pasted text, then the sentence and the count of what it means here."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._found: Incoming | None = None
        self.sheet = Sheet("Import a segment", "A file exported from Cohort, or a query of react-querybuilder")
        with self.sheet:
            self._upload = ui.upload(on_upload=self._received, auto_upload=True, max_file_size=LARGEST, max_files=1)
            self._upload.props('accept=".json,.txt" flat bordered label="Choose a file or drop it here"')
            self._upload.on("rejected", self._too_large, [])
            self.pasted = textarea("Or paste it here", rows=7, placeholder=EXAMPLE, on_change=self._forget)
            with box("line"):
                button("Look at it", icon="eye", on_click=self._look)
            self.seen = box("stack gap-4")
        with self.sheet.foot:
            button("Cancel", on_click=self.sheet.close)
            self.go = button("Import segment", kind="primary", on_click=self._save, enabled=False)

    def open(self) -> None:
        """Show it."""
        self.sheet.open()

    def _too_large(self) -> None:
        self._say(["This file cannot be taken: a segment is a JSON file of at most 1 MB."])

    async def _received(self, event: events.UploadEventArguments) -> None:
        if event.file.size() > LARGEST:
            self._too_large()
            return
        data = await event.file.read()
        self._upload.reset()
        try:
            self.pasted.value = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            self._say(["This file is not text, so it is not a segment."])
            return
        await self._look()

    def _forget(self, _: object = None) -> None:
        """What was looked at is not what is in the field any more."""
        self._found = None
        self.go.set_enabled(False)

    async def _look(self) -> None:
        self._forget()
        words = str(self.pasted.value or "").strip()
        if not words:
            self._say(["Choose a file or paste a segment first."])
            return
        try:
            found = await read_segment(self._member, words)
            people = await preview(self._member, found.rule, sample=0)
        except InvalidInput as problem:
            self._say([f"{error.field}: {error.message}" if error.field else error.message for error in problem.errors])
            return
        self._found = found
        self.seen.clear()
        with self.seen:
            self.name = text_field("Name", found.name, placeholder="How the segment is called here")
            with box("banner info"), box("stack gap-1"):
                locale = self._member.locale
                share = f"{number(people.count, locale)} of {number(people.total, locale)} people"
                text(f"{share} now", "strong num")
                text(found.sentence, "break-words")
            for note in found.notes:
                with box("banner warn"):
                    text(note)
        self.go.set_enabled(True)

    def _say(self, problems: list[str]) -> None:
        self.go.set_enabled(False)
        self.seen.clear()
        with self.seen, box("banner bad").props("role=alert"), box("stack gap-1 min-w-0"):
            text(
                "This cannot be imported" if len(problems) == 1 else f"{len(problems)} things stand in the way",
                "strong",
            )
            for problem in problems:
                text(problem, "break-words")

    async def _save(self) -> None:
        if self._found is None:
            return
        found = self._found
        try:
            segment = await create_segment(
                self._member,
                name=str(self.name.value or ""),
                rule=found.rule,
                description=found.description,
                source=RuleSource.IMPORT,
            )
        except InvalidInput as problem:
            show_errors({"name": self.name}, problem)
            return
        except Conflict as problem:
            if not any(error.field == "name" for error in problem.errors):
                raise
            self.name.error = "Another segment has this name"
            return
        self.sheet.close()
        ui.navigate.to(f"/segments/{segment.id}")
