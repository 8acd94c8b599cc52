"""The writer of messages that asks a provider; each draft is shown once code has found nothing wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.ai.copywriting.claims import Brief
from app.ai.copywriting.draft import Assignment, MessageDraft, Messages, Seen
from app.ai.copywriting.guards import DraftFault, checked
from app.ai.copywriting.instructions import again, asked, told
from app.ai.objects import objects_in
from app.ai.provider import NAMES, Provider, ProviderFailed, Reply, Turn
from app.ai.streaming import ask_streaming
from models.member import Member

DRAFTS = 3
REPAIRS = 2
TIMEOUT = 30.0
"""Seconds for one answer, from the question to its last word."""
MOST_OUTPUT = 4_000
MOST_TOKENS = 40_000
"""Tokens, read and written, before no further repair is asked for."""
KEYS = ("body", "subject")


class ProviderMessageWriter:
    """A `MessageWriter` on the configured provider."""

    def __init__(self, name: Provider, *, timeout: float = TIMEOUT) -> None:
        self._name: Provider = name
        self._timeout = timeout

    async def write(self, assignment: Assignment, *, member: Member, seen: Seen) -> Messages:
        """See `MessageWriter.write`."""
        work = _Work(self._name, assignment, seen)
        question, turns, tokens = asked(assignment), list[Turn](), 0
        for _ in range(1 + REPAIRS):
            work.begin()
            try:
                reply = await ask_streaming(
                    "copy",
                    told(assignment, DRAFTS),
                    question,
                    member=member,
                    timeout=self._timeout,
                    most_tokens=MOST_OUTPUT,
                    heard=work.hear,
                    before=turns,
                )
            except ProviderFailed as failed:
                if not work.drafts:
                    raise
                return work.result(failed.sentence)
            tokens += reply.tokens
            await _judge(reply, work)
            missing = DRAFTS - len(work.drafts)
            if not missing or tokens > MOST_TOKENS:
                break
            turns.append(Turn(question, reply.text or "{}"))
            question = again(work.said_wrong(cut=reply.cut), missing)
        if not work.drafts:
            reason = work.dropped[-1] if work.dropped else "there was no draft in it"
            raise ProviderFailed("unusable", f"What {NAMES[self._name]} wrote could not be used: {reason}.")
        return work.result(None)


async def _judge(reply: Reply, work: _Work) -> None:
    if work.faults:
        await reply.judge(work.faults[0].kind)
    elif len(work.drafts) < DRAFTS:
        await reply.judge("cut" if reply.cut else "form")


class _Work:
    """The drafts as they come: those that are good, and what was wrong with the others."""

    def __init__(self, name: Provider, assignment: Assignment, seen: Seen) -> None:
        self._name: Provider = name
        self._assignment = assignment
        self._brief = Brief.of(assignment.brief, assignment.shop)
        self._seen = seen
        self._read = 0
        self.drafts: list[MessageDraft] = []
        self.faults: list[DraftFault] = []
        self.dropped: list[str] = []

    def begin(self) -> None:
        """A new answer begins."""
        self._read = 0
        self.faults = []

    def hear(self, text: str) -> None:
        """Take what is whole, show what is under way."""
        whole, unfinished = objects_in(text, KEYS)
        for raw in whole[self._read :]:
            self._take(raw)
        self._read = len(whole)
        full = len(self.drafts) >= DRAFTS
        self._seen(
            Messages(source=self._name, drafts=tuple(self.drafts), writing=None if full else _unchecked(unfinished))
        )

    def _take(self, raw: Mapping[str, Any]) -> None:
        if len(self.drafts) >= DRAFTS:
            return
        try:
            draft = checked(raw, self._assignment, self._brief)
        except DraftFault as fault:
            self.faults.append(fault)
            self.dropped.append(fault.message)
            return
        if draft not in self.drafts:
            self.drafts.append(draft)

    def said_wrong(self, *, cut: bool) -> list[str]:
        """What to tell the model about its answer."""
        said = [fault.message for fault in self.faults]
        if cut:
            said.append("the answer was cut off at the length limit; write shorter drafts")
        return said or ["there were too few whole JSON objects in the answer"]

    def result(self, failed: str | None) -> Messages:
        """The drafts, and a note when there are fewer than there should be."""
        notes = [failed] if failed else []
        missing = DRAFTS - len(self.drafts)
        if missing and self.dropped:
            what = "One draft was" if missing == 1 else f"{missing} drafts were"
            notes.append(f"{what} left out: {self.dropped[-1]}.")
        elif missing:
            notes.append(f"Only {len(self.drafts)} of {DRAFTS} drafts came.")
        return Messages(source=self._name, drafts=tuple(self.drafts), note=" ".join(notes) or None)


def _unchecked(raw: Mapping[str, Any]) -> MessageDraft | None:
    """The draft under way, to look at only."""
    parts = {name: value for name in ("subject", "preview", "body") if isinstance(value := raw.get(name), str)}
    if not parts:
        return None
    return MessageDraft(subject=parts.get("subject", ""), preview=parts.get("preview", ""), body=parts.get("body", ""))
