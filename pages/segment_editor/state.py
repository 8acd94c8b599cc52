"""The state of one segment builder, without any user interface: the tree, the names, what is wrong, what is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import FieldError
from app.segments.catalogue import Catalogue, Field, FieldType, operators_of
from models import Segment
from models.segment import DescriptionSource, RuleSource
from models.segment_draft import SegmentDraft
from pages.segment_editor.shapes import Shape, blank, carried, missing, shape_of
from pages.segment_editor.structure import RuleTree
from pages.segment_editor.tree import ConditionNode, GroupNode, Mode, Node, keeping, locate, node_json, read_group, walk

OPPOSITES = {
    "=": "!=",
    "in": "notIn",
    "contains": "doesNotContain",
    "null": "notNull",
    "anyOf": "noneOf",
}
"""Pairs of operators that select exactly each other's complement, absent values included; others need a `not`."""
_FLIPPED = {**OPPOSITES, **{b: a for a, b in OPPOSITES.items()}}
_FLIPPING = {FieldType.TEXT, FieldType.ENUM, FieldType.TAGS}


@dataclass(frozen=True)
class Problem:
    """What is wrong with a node. `unfinished` is a condition that is only not filled in yet."""

    message: str
    unfinished: bool = False


@dataclass(kw_only=True)
class EditorState(RuleTree):
    """What the builder edits. Methods change the tree and refuse nothing that a click can ask for."""

    catalogue: Catalogue
    name: str = ""
    description: str = ""
    description_source: DescriptionSource = DescriptionSource.SENTENCE
    source: RuleSource = RuleSource.HAND
    prompt: str | None = None
    segment_id: str | None = None
    version: int | None = None
    problems: dict[int, Problem] = field(default_factory=dict)
    saved: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        self.saved = self.content()

    @classmethod
    def of(cls, segment: Segment, catalogue: Catalogue) -> EditorState:
        """The state of the builder that opens on a saved segment."""
        return cls(
            catalogue=catalogue,
            root=read_group(segment.rule),
            name=segment.name,
            description=segment.description,
            description_source=segment.description_source,
            source=segment.source,
            prompt=segment.prompt,
            segment_id=str(segment.id),
            version=segment.version,
        )

    def rule(self) -> dict[str, Any]:
        """The rule as JSON, also while it is incomplete."""
        return node_json(self.root)

    def content(self) -> tuple[Any, ...]:
        """What saving would store, to be compared."""
        return (self.name.strip(), self.description.strip(), repr(self.rule()))

    @property
    def dirty(self) -> bool:
        """Whether there is something that is not saved."""
        return self.content() != self.saved

    def mark_saved(self, segment: Segment) -> None:
        """What is on screen is what is stored, under this version."""
        self.segment_id, self.version = str(segment.id), segment.version
        self.name, self.description = segment.name, segment.description
        self.description_source = segment.description_source
        self.saved = self.content()

    def load(self, rule: Mapping[str, Any], *, source: RuleSource, prompt: str | None) -> None:
        """Replace the tree by another. Conditions that are in both stay the ones they were."""
        wanted = keeping(self.root, read_group(rule))
        self.root.mode, self.root.children = wanted.mode, wanted.children
        self.source, self.prompt, self.problems = source, prompt, {}

    def restore(self, work: SegmentDraft) -> None:
        """Put unfinished work on screen. Its `base_version` makes a save ask when a newer version is there."""
        self.load(work.rule, source=work.source, prompt=work.prompt)
        self.name, self.description, self.description_source = work.name, work.description, work.description_source
        self.version = work.base_version if self.segment_id is not None else None

    # the tree

    def add_condition(self, group: GroupNode, name: str = "", *, after: Node | None = None) -> ConditionNode:
        """A new condition at the end of the group, or after one of its nodes; on this field if one is named."""
        node = ConditionNode()
        at = group.children.index(after) + 1 if after is not None else len(group.children)
        group.children.insert(at, node)
        if name:
            self.set_field(node, name)
        return node

    def negate(self, node: Node) -> None:
        """Turn a node to its exact complement, in the plainest way there is."""
        if isinstance(node, GroupNode):
            flips = {Mode.ALL: Mode.NOT_ALL, Mode.NOT_ALL: Mode.ALL, Mode.ANY: Mode.NONE, Mode.NONE: Mode.ANY}
            node.mode = flips[node.mode]
        elif node.field == "segment":
            node.operator = {"in": "notIn", "notIn": "in"}.get(node.operator, node.operator)
        elif node.operator in _FLIPPED and not node.negated and self._flips(node):
            node.operator = _FLIPPED[node.operator]
        else:
            node.negated = not node.negated

    def _flips(self, node: ConditionNode) -> bool:
        found = self.field_of(node)
        return node.operator in ("null", "notNull") or (found is not None and found.type in _FLIPPING)

    # one condition

    def field_of(self, node: ConditionNode) -> Field | None:
        """The field of a plain condition; None for the special kinds and while none is picked."""
        fields = self.catalogue.order_fields if self.in_orders(node) else self.catalogue.fields
        return fields.get(node.field)

    def shape(self, node: ConditionNode) -> Shape:
        """The shape of the condition's value."""
        if node.field == "orders":
            return Shape.PAIR if node.operator == "between" else Shape.NUMBER
        found = self.field_of(node)
        return shape_of(found.type, node.operator) if found else Shape.TEXT

    def set_field(self, node: ConditionNode, name: str) -> None:
        """Another field. What was said about the old one stays only if it reads the same on the new one."""
        before, old_type = self.shape(node), self._type_of(node)
        node.field, node.where, node.window, node.measure = name, None, None, "count"
        if name == "orders":
            node.operator, node.value = ">=", 1
        elif name == "campaign":
            node.operator, node.value = "sent", "any"
        elif name == "segment":
            node.operator, node.value = "in", ""
        elif self._type_of(node) is not old_type or node.operator not in self.operators(node):
            node.operator = self._first_operator(node)
            node.value, node.negated = blank(self.shape(node)), False
        else:
            node.value = blank(before) if before in (Shape.TEXT, Shape.TEXTS) else node.value

    def _type_of(self, node: ConditionNode) -> FieldType | None:
        found = self.field_of(node) if node.field else None
        return found.type if found else None

    def _first_operator(self, node: ConditionNode) -> str:
        """The operator people want most often for the type, where that is not the first of the list."""
        found = self.field_of(node)
        choices = self.operators(node)
        if found is None or not choices:
            return "="
        usual = {FieldType.NUMBER: ">=", FieldType.MONEY: ">", FieldType.DATE: "inLast", FieldType.ENUM: "in"}
        wanted = "anniversaryInPeriod" if found.anniversary else usual.get(found.type, "=")
        if found.type is FieldType.TEXT and found.values:
            wanted = "in"
        return wanted if wanted in choices else choices[0]

    def operators(self, node: ConditionNode) -> tuple[str, ...]:
        """The operators that the condition's field takes; a day that comes back every year has two more."""
        found = self.field_of(node)
        return operators_of(found) if found else ()

    def set_operator(self, node: ConditionNode, operator: str) -> None:
        """Another operator; the value is carried over where it can be."""
        old = self.shape(node)
        node.operator = operator
        if node.field in ("campaign", "segment"):
            return
        node.value = carried(node.value, old, self.shape(node))

    # what is wrong

    def unfinished(self) -> dict[int, Problem]:
        """Conditions that a person has not filled in yet, by the identity of their node."""
        found: dict[int, Problem] = {}
        for node in walk(self.root):
            if isinstance(node, ConditionNode) and (message := self._missing(node)):
                found[node.uid] = Problem(message, unfinished=True)
        return found

    def _missing(self, node: ConditionNode) -> str | None:
        if not node.field:
            return "Choose what to look at"
        if node.field == "segment" and not node.value:
            return "Choose a segment"
        if node.field in ("campaign", "segment"):
            return self._missing_window(node)
        if node.field != "orders" and self.field_of(node) is None:
            return None
        return missing(node.value, self.shape(node)) or self._missing_window(node)

    def _missing_window(self, node: ConditionNode) -> str | None:
        if not node.window:
            return None
        return missing(node.window.get("value"), shape_of(FieldType.DATE, str(node.window.get("operator"))))

    def mark(self, errors: tuple[FieldError, ...] | list[FieldError]) -> None:
        """Put a RuleError's errors on the nodes they name."""
        for error in errors:
            node, _ = locate(self.root, "" if error.field == "rule" else error.field.removeprefix("rule."))
            self.problems.setdefault(node.uid, Problem(error.message))
