"""The built-in outbox as a mailbox: messages at the left, the one that is read at the right."""

from __future__ import annotations

from urllib.parse import urlencode

from nicegui import ui

from app.channels.outbox import list_outbox, outbox_message
from app.settings import get_settings
from models import Member
from models.outbox import OutboxMessage
from pages.components import ago, ago_label, avatar, box, button, card, empty_state, icon, search_input, skeleton, text
from pages.components.loading import Region
from pages.components.message_view import message_card
from pages.frame import frame, page

PAGE = 30


@page("/outbox", permission="deliveries.read", title="Outbox", nav="outbox")
async def outbox(member: Member, q: str = "") -> None:
    """What campaigns put here while no mail server is set, and what is sent to the outbox on purpose."""
    await Mailbox(member, q[:200]).draw()


@page("/outbox/{message_id}", permission="deliveries.read", title="Message", nav="outbox")
async def outbox_page(member: Member, message_id: str) -> None:
    """One message, on a page of its own for small screens."""
    message = await outbox_message(member, message_id)
    with frame(member, message.subject, f"To {message.name or message.recipient}", back=("/outbox", "Outbox")):
        _draw_letter(member, message, css="letter alone")


class Mailbox:
    """A page of the list at the left; what is read is drawn beside it."""

    def __init__(self, member: Member, search: str) -> None:
        self.member = member
        self.search = search
        self.cursors: list[str | None] = [None]
        self.following: str | None = None
        self.lines: dict[str, ui.element] = {}

    async def draw(self) -> None:
        """The whole page."""
        active = "Campaigns by email end here" if not get_settings().smtp_url else "Email goes out by your mail server"
        with frame(self.member, "Outbox", f"{active}; nothing in here leaves this server"):
            with card(css="p-0 mailbox"):
                with box("mail-list"):
                    with box("mail-search"):
                        search_input("Search messages", self._searched, value=self.search)
                    self.region = Region(self._fill, lambda: skeleton(8, "p-4"), css="stack mail-rows")
                    with box("mail-pager") as self.pager:
                        self.newer = button(
                            "Newer", icon="chevron-left", small=True, kind="ghost", on_click=self._newer
                        )
                        self.older = button(
                            "Older", icon="chevron-right", small=True, kind="ghost", on_click=self._older
                        )
                    self.pager.set_visibility(False)
                self.reader = box("mail-read only-wide")
        await ui.context.client.connected()
        await self.region.load()

    async def _searched(self, words: str) -> None:
        self.search, self.cursors = words, [None]
        ui.navigate.history.replace(f"/outbox?{urlencode({'q': words})}" if words else "/outbox")
        await self.region.load()

    async def _older(self) -> None:
        self.cursors.append(self.following)
        await self.region.load()

    async def _newer(self) -> None:
        self.cursors.pop()
        await self.region.load()

    async def _fill(self) -> None:
        found, self.following = await list_outbox(self.member, limit=PAGE, cursor=self.cursors[-1], search=self.search)
        self.lines = {}
        if not found:
            self._nothing()
        for message in found:
            self._line(message)
        self.newer.set_enabled(len(self.cursors) > 1)
        self.older.set_enabled(self.following is not None)
        self.pager.set_visibility(len(self.cursors) > 1 or self.following is not None)
        self.reader.clear()
        if found:
            self._read(found[0])

    def _line(self, message: OutboxMessage) -> None:
        with ui.element("a").classes("mail-line") as line:
            line.props["href"] = f"/outbox/{message.id}"
            avatar(message.name, message.recipient)
            with box("stack min-w-0 flex-1"):
                with box("line justify-between gap-2"):
                    text(message.name or message.recipient, "medium truncate", tag="span")
                    text(ago(message.created_at, self.member.locale), "muted t12 whitespace-nowrap", tag="span")
                text(message.subject, "truncate", tag="span")
                text(" ".join(message.text.split())[:120], "muted t12 truncate", tag="span")
        line.on(
            "click",
            lambda message=message: self._read(message),
            [],
            js_handler="(e) => { if (innerWidth > 760 && !e.ctrlKey && !e.metaKey) { e.preventDefault(); emit(); } }",
        )
        self.lines[message.id] = line

    def _read(self, message: OutboxMessage) -> None:
        for key, line in self.lines.items():
            line.classes(add="here" if key == message.id else None, remove=None if key == message.id else "here")
        self.reader.clear()
        with self.reader:
            _draw_letter(self.member, message)

    def _nothing(self) -> None:
        if self.search:
            with empty_state("search", "No message fits", "Try part of a name, an address or a subject.", small=True):
                return
        words = "Until a mail server is set, campaigns put their messages here, where you can read them."
        with empty_state("inbox", "Nothing in the outbox", words, small=True) as acts, acts:
            button("Go to campaigns", href="/campaigns")


def _headers(message: OutboxMessage) -> dict[str, str]:
    to = f"{message.name} <{message.recipient}>" if message.name else message.recipient
    return {"From": message.sender, "To": to, "Subject": message.subject, **message.headers}


def _draw_letter(member: Member, message: OutboxMessage, css: str = "letter") -> None:
    with box(css):
        with box("line justify-between gap-3 flex-wrap"):
            with box("line gap-3 min-w-0"):
                avatar(message.name, message.recipient)
                with box("stack min-w-0"):
                    text(message.name or message.recipient, "medium truncate")
                    text(f"{message.recipient}, from {message.sender}", "muted t12 truncate")
            with box("line gap-2"):
                ago_label(message.created_at, member, "muted t12")
                if message.customer_id is not None:
                    text("Customer", "link t12", tag="a").props["href"] = f"/customers/{message.customer_id}"
                    text("In the log", "link t12", tag="a").props["href"] = f"/log/{message.id}"
        message_card(message.subject, message.html, message.text, _headers(message))
        with box("line gap-2 muted t12"):
            icon("shield-check", "s14")
            text("Shown without scripts. Links and forms in it do nothing here.", tag="span")
