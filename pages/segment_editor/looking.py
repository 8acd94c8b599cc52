"""The people of a segment for members who may look and change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models import Member, Segment
from pages.segment_editor.live import Figures, LiveCount, Miss
from pages.segment_editor.people import CountBar, PeopleCard
from pages.segment_editor.state import EditorState


class Looking:
    """The cards beside the words, without a rule to mark or to edit."""

    def __init__(self, member: Member, state: EditorState, segment: Segment) -> None:
        self._people = PeopleCard(member, None)
        self._bar = CountBar(member)
        self.live = LiveCount(state, member, self, saved=segment)

    def counting(self) -> None:
        """An answer is on its way."""
        self._people.counting()

    def people(self, figures: Figures) -> None:
        """Who it is."""
        if not self.live.closed:
            self._people.show(figures)
            self._bar.show(figures)

    def stands(self, note: str, *, failed: bool) -> None:
        """The last answer still stands."""
        if not self.live.closed:
            self._people.stands(note, failed=failed)
            self._bar.stands()

    def alone(self, counts: Mapping[int, int]) -> None:
        """There are no conditions on screen to put the numbers beside."""

    def misses(self, misses: Sequence[Miss]) -> None:
        """Whom one condition alone keeps out."""
        if not self.live.closed:
            self._people.misses(misses)
