"""The picker of what a condition looks at: every field of the shop in groups, narrowed by typing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from nicegui import ui

from app.segments.catalogue import Catalogue, Field, FieldType
from models.values import fold
from pages.components import icon, text
from pages.components.field import QUIET
from pages.components.popover import Popover
from pages.components.text import box
from pages.segment_editor.wording import SPECIAL

ICONS = {
    FieldType.TEXT: "type",
    FieldType.ENUM: "list",
    FieldType.NUMBER: "hash",
    FieldType.MONEY: "wallet",
    FieldType.DATE: "calendar",
    FieldType.BOOLEAN: "toggle-left",
    FieldType.TAGS: "tags",
}
_OWN_ICONS = {
    "email": "at-sign",
    "phone": "phone",
    "city": "map-pin",
    "region": "map-pin",
    "postal_code": "map-pin",
    "country": "globe",
    "birthday": "cake",
    "name": "user-round",
    "first_name": "user-round",
    "last_name": "user-round",
    "email_opt_in": "mail",
    "sms_opt_in": "message-square",
}
GROUPS = ("Profile", "Orders", "Activity", "Consent", "Custom")
_ARROWS = """(e) => {
  const lines = [...e.currentTarget.querySelectorAll('button.mi')].filter(b => b.offsetParent);
  const at = lines.indexOf(document.activeElement) + (e.key === 'ArrowDown' ? 1 : -1);
  if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return;
  e.preventDefault();
  at < 0 ? e.currentTarget.querySelector('input').focus() : lines[Math.min(at, lines.length - 1)]?.focus();
}"""


@dataclass(frozen=True, kw_only=True)
class Pick:
    """One thing that can be picked."""

    name: str
    label: str
    icon: str
    group: str
    words: tuple[str, ...] = field(default=())


def field_icon(found: Field) -> str:
    """The icon of a field: its own, or its type's."""
    return _OWN_ICONS.get(found.name) or ICONS[found.type]


def picks(catalogue: Catalogue, *, in_orders: bool) -> list[Pick]:
    """What can be picked, group by group. Inside an orders condition these are the fields of an order."""
    fields: Mapping[str, Field] = catalogue.order_fields if in_orders else catalogue.fields
    listed = [
        Pick(name=f.name, label=f.label, icon=field_icon(f), group=f.group, words=f.words) for f in fields.values()
    ]
    if not in_orders:
        listed += _special(catalogue)
    return sorted(listed, key=lambda pick: GROUPS.index(pick.group) if pick.group in GROUPS else len(GROUPS))


def _special(catalogue: Catalogue) -> Iterator[Pick]:
    words = {
        "orders": ("bought", "purchased", "product", "category", "coupon", "orders where"),
        "campaign": ("opened", "clicked", "received", "was sent", "message"),
        "segment": ("member of", "audience", "list"),
    }
    for name, (label, picture) in SPECIAL.items():
        if name != "segment" or catalogue.segments:
            group = "Orders" if name == "orders" else "Activity"
            yield Pick(name=name, label=label, icon=picture, group=group, words=words[name])


def field_panel(popover: Popover, choices: list[Pick], current: str, chosen: Callable[[str], None]) -> None:
    """Search on top, the groups below; Enter takes the first, arrow keys walk the lines."""
    lines: list[tuple[Pick, ui.element]] = []
    heads: dict[str, ui.element] = {}

    def take(name: str) -> None:
        popover.close()
        chosen(name)

    def narrow(words: str | None) -> None:
        needle = fold(words or "")
        shown = set()
        for pick, line in lines:
            fits = any(needle in fold(word) for word in (pick.label, *pick.words))
            line.set_visibility(fits)
            shown |= {pick.group} if fits else set()
        for group, head in heads.items():
            head.set_visibility(group in shown)
        nothing.set_visibility(not shown)

    def first(words: str) -> None:
        narrow(words)
        visible = [pick for pick, line in lines if line.visible]
        if visible:
            take(visible[0].name)

    with box("picker").on("keydown", js_handler=_ARROWS):
        search = ui.input(placeholder="Search fields", on_change=lambda e: narrow(e.value))
        search.props(f"{QUIET} autofocus debounce=60 type=search")
        # Enter brings the words along: whoever types fast presses it before they have arrived by themselves.
        search.on("keydown.enter", lambda e: first(str(e.args or "")), js_handler="(e) => emit(e.target.value)")
        search.props["aria-label"] = "Search fields"
        with box("picker-list"):
            for pick in choices:
                if pick.group not in heads:
                    heads[pick.group] = text(pick.group, "muted t12 medium menu-head")
                with ui.element("button").classes("mi" + (" here" if pick.name == current else "")) as line:
                    line.props("type=button")
                    icon(pick.icon)
                    text(pick.label, tag="span")
                line.on("click", lambda name=pick.name: take(name), [])
                lines.append((pick, line))
            nothing = text("Nothing by that name", "muted menu-head")
            nothing.set_visibility(False)
