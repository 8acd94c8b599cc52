"""The message: the fields its channel has, merge tags at the cursor, messages to start from."""

from __future__ import annotations

import json
from collections.abc import Callable

from nicegui import ui

from app.campaigns.audience.kinds import sms_parts
from app.campaigns.message.rendering import MERGE_TAGS
from app.segments.catalogue import Catalogue
from pages.campaign_editor.draft import Draft
from pages.campaign_editor.starters import STARTERS, Starter
from pages.components import button, card, confirm, icon, text, text_field
from pages.components.field import QUIET, labelled
from pages.components.popover import Popover
from pages.components.text import box

AT_HAND = ("customer.first_name", "customer.city", "customer.total_spent", "customer.last_order_at", "unsubscribe_url")
_KEEP_LAST = "(e) => { if (e.target.matches('input,textarea')) e.currentTarget.dataset.last = e.target.id }"
_INSERT = """(e) => {
  const place = document.getElementById(%s);
  const field = document.getElementById(place.dataset.last || '') || document.getElementById(%s);
  field.focus();
  field.setRangeText(%s, field.selectionStart, field.selectionEnd, 'end');
  field.dispatchEvent(new Event('input', {bubbles: true}));
}"""


def tag_words(path: str) -> str:
    """What is written into the message for a merge tag; names get a word for those whose name is not known."""
    fallback = {"customer.first_name": " | default: 'there'", "customer.name": " | default: 'there'"}.get(path, "")
    return f"{{{{ {path}{fallback} }}}}"


class MessageCard:
    """`changed` is called after every change of subject or body."""

    def __init__(self, draft: Draft, catalogue: Catalogue, changed: Callable[[], None]) -> None:
        self._draft = draft
        self._catalogue = catalogue
        self._changed = changed
        with card(css="p-5"):
            with box("card-head"):
                text("Message", "t16", tag="h2")
                with button("Start from", icon="wand-sparkles", small=True, kind="ghost") as self._start:
                    Popover(self._starters, align_right=True, css="starters")
            with box("stack gap-4").on("focusin", js_handler=_KEEP_LAST) as self._place:
                with box("stack gap-4") as self._lines:
                    self.subject = text_field("Subject", draft.subject, on_change=self._subject)
                    self.subject.props("maxlength=250")
                    with box() as self._preview_place:
                        self.preview = text_field(
                            "Preview line",
                            draft.preview_text,
                            optional=True,
                            hint="What mail programs show behind the subject, before the message is opened.",
                            on_change=self._preview,
                        )
                        self.preview.props("maxlength=200")
                with labelled("Text") as tie:
                    with box("editor"):
                        self._tools = box("tools")
                        self.body = ui.textarea(value=draft.body, placeholder="Hi there,").props(
                            f"{QUIET} debounce=200 rows=14 borderless"
                        )
                        self.body.on_value_change(lambda event: self._body(event.value or ""))
                    tie(self.body)
                self._about = text("", "muted t12 num").mark("text-about")
                with self._tools:
                    self._tags()
        self.show()

    def show(self) -> None:
        """Show the fields of the chosen channel."""
        kind = self._draft.kind
        self._lines.set_visibility(kind.subject)
        self._preview_place.set_visibility(kind.preview)
        self._start.set_visibility(kind.html)
        rows = 14 if kind.html else 6
        if self.body.props.get("rows") != rows:
            self.body.props["rows"] = rows
        self._font()
        self._count()

    def _count(self) -> None:
        """Of a text message how long it is and how many a vendor would bill, before names are filled in."""
        draft, kind = self._draft, self._draft.kind
        if kind.html:
            self._about.text = "Plain text or HTML. An unsubscribe link is added when you leave it out."
        elif kind.parts is None:
            self._about.text = "Plain text, sent as it is with the merge tags filled in."
        else:
            found = sms_parts(draft.body)
            unit = "characters" if found.encoding == "GSM-7" else "characters, with letters that need more room"
            parts = "1 text message" if found.parts == 1 else f"{found.parts} text messages"
            self._about.text = f"{found.units:,} {unit}: {parts}, at most {kind.parts}. Merge tags may make it longer."

    def _tags(self) -> None:
        text("Insert", "muted t12", tag="span")
        for path in AT_HAND:
            self._tag_button(path, MERGE_TAGS[path], "chip gray try")
        with ui.element("button").classes("chip gray try").props("type=button"):
            text("More", "t", tag="span")
            icon("chevron-down")
            Popover(self._all_tags, css="tag-menu")

    def _tag_button(self, path: str, label: str, css: str) -> ui.element:
        with ui.element("button").classes(css).props("type=button") as element:
            text(label, "t", tag="span")
        ids = (json.dumps(self._place.html_id), json.dumps(self.body_id), json.dumps(tag_words(path)))
        element.on("mousedown", js_handler="(e) => e.preventDefault()")
        element.on("click", js_handler=_INSERT % ids)
        return element

    @property
    def body_id(self) -> str:
        """The id of the text area in the browser."""
        return str(self.body.html_id)

    def _all_tags(self, popover: Popover) -> None:
        attributes = {f.name: f.label for f in self._catalogue.fields.values() if f.name.startswith("attributes.")}
        with box("picker-list"):
            for path, label in MERGE_TAGS.items():
                self._tag_button(path, label, "mi").on("click", popover.close, [])
            if attributes:
                text("Custom", "muted t12 medium menu-head")
                for name, label in attributes.items():
                    self._tag_button(f"customer.{name}", label, "mi").on("click", popover.close, [])

    def _starters(self, popover: Popover) -> None:
        for starter in STARTERS:
            with ui.element("button").classes("mi starter").props("type=button") as line:
                icon(starter.icon)
                with box("stack"):
                    text(starter.name, "medium", tag="span")
                    text(starter.about, "muted t12", tag="span")

            async def take(starter: Starter = starter) -> None:
                popover.close()
                await self._take(starter)

            line.on("click", take, [])

    async def _take(self, starter: Starter) -> None:
        if self._draft.body.strip() and not await confirm(
            f"Start from “{starter.name}”?",
            "It replaces the subject and the text that are there now.",
            action="Replace the message",
            cancel="Keep mine",
        ):
            return
        self.subject.value, self.body.value = starter.subject, starter.body

    def _subject(self, value: str) -> None:
        self._draft.subject = value or ""
        self._changed()

    def _preview(self, value: str) -> None:
        self._draft.preview_text = value or ""
        self._changed()

    def _body(self, value: str) -> None:
        self._draft.body = value
        self._font()
        self._count()
        self._changed()

    def _font(self) -> None:
        html = "</" in self._draft.body and self._draft.kind.html
        self.body.classes(add="code" if html else None, remove=None if html else "code")

    def show_faults(self) -> None:
        """Mark the fields with what was found wrong in them."""
        for name, control in (("subject", self.subject), ("preview_text", self.preview), ("body", self.body)):
            words = self._draft.faults.get(name)
            if control.error != words:
                control.error = words
