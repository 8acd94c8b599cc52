"""What people may call a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.segments.catalogue import Field, FieldType
from app.segments.grammar.tokens import words_of

_NOT_NAMES = {
    "live in", "based in", "from", "came from", "acquired through", "called", "named", "older than", "younger than",
    "years old", "spent", "spend", "orders", "purchases", "times ordered", "revenue", "average order", "worth",
}  # fmt: skip
"""Synonyms that are verbs or mean several things; the other readers know when they mean the field."""
_MORE_NAMES = {
    "postal_code": ("pincode", "pin"),
    "email": ("e mail", "email id", "mail id"),
    "name": ("their name",),
    "average_order_value": ("avg_order_value", "avg order value", "average_spend"),
    "total_spent": ("total_spend", "total amount", "amount spent"),
    "order_count": ("orders_count", "total_orders", "num_orders"),
    "age": ("their age",),
    "gender": ("sex",),
}


def names_of(field: Field) -> Iterator[str]:
    """Its name, its label and its synonyms."""
    yield field.name
    if field.name.startswith("attributes."):
        yield field.name.removeprefix("attributes.")
        yield field.name.removeprefix("attributes.").replace("_", " ")
    else:
        yield field.name.replace("_", " ")
    yield field.label
    if field.group == "Custom" or field.type not in (FieldType.DATE, FieldType.BOOLEAN, FieldType.TAGS):
        yield from (word for word in field.words if word.casefold() not in _NOT_NAMES)
        yield from _MORE_NAMES.get(field.name, ())


def by_first_word(fields: Mapping[str, Field]) -> dict[str, list[tuple[tuple[str, ...], Field]]]:
    """The names of all fields as words, by the first of them."""
    table: dict[str, list[tuple[tuple[str, ...], Field]]] = {}
    for field in fields.values():
        for words in dict.fromkeys(words_of(name) for name in names_of(field)):
            if words:
                table.setdefault(words[0], []).append((words, field))
    return table
