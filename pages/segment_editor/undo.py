"""Undo and redo: what the builder held after each change, as far back as anybody goes."""

from __future__ import annotations

import copy
import time
from collections.abc import Hashable
from dataclasses import dataclass

from models.segment import DescriptionSource, RuleSource
from pages.segment_editor.state import EditorState
from pages.segment_editor.tree import ConditionNode, GroupNode, Node, walk

DEPTH = 200
TOGETHER_SECONDS = 1.2
"""Changes of one value that follow each other faster than this are one step, as a word is that is being typed."""


@dataclass(frozen=True)
class Moment:
    """Everything a person can change, at one time. `root` is a copy that nobody edits."""

    root: GroupNode
    name: str
    description: str
    description_source: DescriptionSource
    source: RuleSource
    prompt: str | None


class Changes:
    """The changes of one builder. A restored node is the very object it was, so what is drawn of it stays valid."""

    def __init__(self, state: EditorState) -> None:
        self._state = state
        self._pool: dict[int, Node] = {}
        self._before: list[Moment] = []
        self._after: list[Moment] = []
        self._now = self._taken()
        self._key: Hashable = None
        self._at = 0.0

    def noted(self, key: Hashable = None) -> None:
        """Something changed. Changes with the same `key` (not None) that come fast are one step."""
        together = key is not None and key == self._key and time.monotonic() - self._at < TOGETHER_SECONDS
        if not together:
            self._before.append(self._now)
            del self._before[:-DEPTH]
        self._now, self._key, self._at = self._taken(), key, time.monotonic()
        self._after.clear()

    def settled(self) -> None:
        """Something changed that is no step of its own, such as a name that was trimmed by saving."""
        self._now, self._key = self._taken(), None

    @property
    def position(self) -> int:
        """How many steps can be undone; a mark to come back to with `back_to`."""
        return len(self._before)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        """Whether something that was undone can come back."""
        return bool(self._after)

    def undo(self) -> bool:
        """Bring the state back by one step; False when there is none."""
        return self._step(self._before, self._after)

    def redo(self) -> bool:
        """Do again what was undone last; False when nothing was."""
        return self._step(self._after, self._before)

    def back_to(self, position: int) -> None:
        """Undo until only this many steps are left."""
        while len(self._before) > position:
            self.undo()

    def _step(self, source: list[Moment], target: list[Moment]) -> bool:
        if not source:
            return False
        target.append(self._now)
        self._now, self._key = source.pop(), None
        state, now = self._state, self._now
        state.root = _alive(now.root, self._pool)
        state.name, state.description, state.description_source = now.name, now.description, now.description_source
        state.source, state.prompt, state.problems = now.source, now.prompt, {}
        return True

    def _taken(self) -> Moment:
        state = self._state
        self._pool |= {node.uid: node for node in walk(state.root)}
        return Moment(
            copy.deepcopy(state.root),
            state.name,
            state.description,
            state.description_source,
            state.source,
            state.prompt,
        )


def _alive(kept: GroupNode, pool: dict[int, Node]) -> GroupNode:
    """The objects that were copied into `kept`, with what they held then."""
    group = pool.setdefault(kept.uid, copy.copy(kept))
    assert isinstance(group, GroupNode)
    group.mode = kept.mode
    group.children = [_alive_node(child, pool) for child in kept.children]
    return group


def _alive_node(kept: Node, pool: dict[int, Node]) -> Node:
    if isinstance(kept, GroupNode):
        return _alive(kept, pool)
    node = pool.setdefault(kept.uid, copy.copy(kept))
    assert isinstance(node, ConditionNode)
    for name in ("field", "operator", "negated", "measure"):
        setattr(node, name, getattr(kept, name))
    node.value, node.window = copy.deepcopy(kept.value), copy.deepcopy(kept.window)
    node.where = _alive(kept.where, pool) if kept.where else None
    return node
