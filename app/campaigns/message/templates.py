"""Liquid, strict and bounded: only known tags and filters, and no template that takes long or grows large."""

from __future__ import annotations

import difflib
import functools
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, Node, RenderContext, TokenStream
from liquid.builtin.tags.for_tag import ForNode, ForTag
from liquid.exceptions import (
    LiquidError,
    LoopIterationLimitError,
    OutputStreamLimitError,
    ResourceLimitError,
    UnknownFilterError,
)
from liquid.static_analysis import Variable

from app.campaigns.message.liquid_tags import MOST_TAGS, fault_in
from app.campaigns.message.merge_tags import MERGE_TAGS, known_tag
from app.campaigns.message.shortcut import Filling, in_values, pieces_of
from app.errors import InvalidInput

TEMPLATE_BYTES = 128 * 1024
OUTPUT_BYTES = 1024 * 1024
RENDER_SECONDS = 0.25

_SURROGATES = re.compile("[\ud800-\udfff]")
_TAGS = frozenset(
    "# assign break capture case comment content continue cycle echo for if illegal output unless".split()  # noqa: SIM905
)
_FILTERS = frozenset(
    """abs append at_least at_most capitalize ceil date default divided_by downcase escape escape_once first floor join
    last lstrip minus modulo newline_to_br plus prepend remove remove_first remove_last replace replace_first
    replace_last reverse round rstrip size slice sort strip strip_html strip_newlines times truncate truncatewords uniq
    upcase url_encode""".split()  # noqa: SIM905
)


class _TooLong(Exception):
    """A template ran out of its time."""


class _Deadline:
    """When the rendering under way has to end. Rendering never awaits, so one per process is enough."""

    at = float("inf")


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, with an end to time and size: a few `replace` in a row could otherwise make gigabytes."""

    @functools.wraps(function)
    def bounded(value: Any, *arguments: Any, **options: Any) -> Any:
        if time.perf_counter() > _Deadline.at:
            raise _TooLong
        if name.startswith("replace") and len(arguments) >= 2:
            text, old, new = str(value), str(arguments[0]), str(arguments[1])
            if text.count(old) * len(new) > OUTPUT_BYTES:
                raise OutputStreamLimitError("output limit reached", token=None)
        result = function(value, *arguments, **options)
        if isinstance(result, str) and len(result) > OUTPUT_BYTES:
            raise OutputStreamLimitError("output limit reached", token=None)
        return result

    return bounded


class _Clock(Node):
    """Stands at the beginning of a loop's block and looks at the time: a loop needs no filter to take long."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Write nothing. Raises _TooLong."""
        if time.perf_counter() > _Deadline.at:
            raise _TooLong
        return 0


class _TimedFor(ForTag):
    def parse(self, stream: TokenStream) -> Node:
        node = super().parse(stream)
        if isinstance(node, ForNode):
            node.block.nodes.insert(0, _Clock(node.token))
        return node


class _Bounded(Environment):
    output_stream_limit = OUTPUT_BYTES
    local_namespace_limit = OUTPUT_BYTES
    loop_iteration_limit = 1_000
    block_nesting_limit = 20

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=False)
        self.add_tag(_TimedFor)
        self.tags = {name: tag for name, tag in self.tags.items() if name in _TAGS}
        self.filters = {name: _bounded(name, function) for name, function in self.filters.items() if name in _FILTERS}


_ESCAPING = _Bounded(autoescape=True)
_PLAIN = _Bounded(autoescape=False)


class Template:
    """One compiled field of a message. `uses` are the merge tags in it; `pieces` is what it consists of when it only
    fills in tags, else None.
    """

    def __init__(self, field: str, bound: BoundTemplate, uses: frozenset[str], *, html: bool) -> None:
        self._field = field
        self._bound = bound
        self.pieces = pieces_of(bound, escape=html)
        self.uses = uses
        self._filling = None if self.pieces is None else Filling([self.pieces], in_values)

    def render(self, values: Mapping[str, Any]) -> str:
        """The text for these values. Raises InvalidInput naming the field when it takes too long or grows too large."""
        if self._filling is not None:
            filled = self._filling.texts(values)[0]
            self.bounded(len(filled))
            return str(filled)
        _Deadline.at = time.perf_counter() + RENDER_SECONDS
        try:
            return self._bound.render(**values)
        except _TooLong as problem:
            raise InvalidInput.of(self._field, "takes too long to fill in; use fewer loops") from problem
        except LiquidError as problem:
            raise _refusal(self._field, problem) from problem
        except (ArithmeticError, TypeError, ValueError) as problem:
            raise InvalidInput.of(self._field, f"cannot be filled in: {problem}") from problem
        finally:
            _Deadline.at = float("inf")

    def bounded(self, characters: int) -> None:
        """Raises InvalidInput when a text of so many is larger than a message may be."""
        if characters > OUTPUT_BYTES:
            raise _too_large(self._field)


def compile_template(field: str, source: str, *, html: bool, limit: int = TEMPLATE_BYTES) -> Template:
    """Read one field of at most `limit` bytes. `html` escapes every value that is filled in. What is made from a
    checked template (its text, its styled HTML) has a larger limit and may hold more tags.

    Raises InvalidInput naming the field, the line and the tag: broken Liquid, an unknown tag or filter, or a merge tag
    that is not in the catalogue.
    """
    size = len(source.encode("utf-8", "replace"))
    if size > limit:
        raise InvalidInput.of(field, f"is {size // 1024} KB; the most is {limit // 1024} KB")
    if "\x00" in source:
        raise InvalidInput.of(field, "holds a NUL character")
    if not source.isascii() and _SURROGATES.search(source):
        raise InvalidInput.of(field, "holds half of a surrogate pair, which is not a character")
    if (fault := fault_in(source, most_tags=MOST_TAGS if limit <= TEMPLATE_BYTES else 4 * MOST_TAGS)) is not None:
        raise InvalidInput.of(field, f"{_place(source, fault.start)}: {fault.message}")
    environment = _ESCAPING if html else _PLAIN
    try:
        bound = environment.from_string(source)
        analysis = bound.analyze(include_partials=False)
    except LiquidError as problem:
        raise _refusal(field, problem, source) from problem
    for name, spans in analysis.filters.items():
        if name not in environment.filters:
            place = _place(source, spans[0].index)
            raise InvalidInput.of(
                field, f"{place} uses the filter {name!r}, which does not exist{_meant(name, _FILTERS)}"
            )
    uses = set()
    for variables in analysis.globals.values():
        for variable in variables:
            uses.add(_checked(field, source, variable))
    return Template(field, bound, frozenset(uses), html=html)


def _checked(field: str, source: str, variable: Variable) -> str:
    segments = variable.segments
    path = ".".join(segment for segment in segments if isinstance(segment, str))
    if not all(isinstance(segment, str) for segment in segments) or not known_tag(path):
        place = _place(source, variable.span.index)
        raise InvalidInput.of(field, f"{place}: {variable} is not a merge tag{_meant(path, MERGE_TAGS)}")
    return path


def _refusal(field: str, problem: LiquidError, source: str = "") -> InvalidInput:
    if isinstance(problem, LoopIterationLimitError):
        return InvalidInput.of(field, "repeats too often; a loop may run 1,000 times")
    if isinstance(problem, OutputStreamLimitError):
        return _too_large(field)
    if isinstance(problem, ResourceLimitError):
        return InvalidInput.of(field, f"is too large or too deeply nested ({problem.message})")
    if isinstance(problem, UnknownFilterError):
        return InvalidInput.of(field, f"{problem.message}")
    token = problem.token
    index = token.start_index if token is not None and token.start_index >= 0 else _suspect(source)
    message = str(problem.message).replace("found end of expression", "found nothing")
    return InvalidInput.of(field, f"{_place(source, index)}: {message}" if source else message)


def _too_large(field: str) -> InvalidInput:
    return InvalidInput.of(field, f"becomes larger than {OUTPUT_BYTES // 1024} KB when filled in")


def _place(source: str, index: int) -> str:
    """Line and tag at this position: `line 3, {{ customer.name }}`."""
    index = max(0, min(index, len(source)))
    line = source.count("\n", 0, index) + 1
    start = max(source.rfind("{{", 0, index + 2), source.rfind("{%", 0, index + 2))
    if start < 0:
        return f"line {line}"
    tag = re.split(r"(?<=[}%]})|\n", source[start : start + 200], maxsplit=1)[0]
    return f"line {line}, {tag[:80].strip()}"


def _suspect(source: str) -> int:
    """Where to point when the parser names no place: the last tag, which is the one left open."""
    return max(source.rfind("{%"), source.rfind("{{"), 0)


def _meant(name: str, known: Mapping[str, str] | frozenset[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    if not near:
        near = [other for other in known if other.rpartition(".")[2] == name.rpartition(".")[2]][:1]
    return f"; did you mean {near[0]}?" if near else ""
