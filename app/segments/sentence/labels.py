"""How a field is called inside a sentence, so that no two fields of a shop are called the same."""

from __future__ import annotations

from app.segments.catalogue.fields import Catalogue, Field
from app.segments.sentence.wording import lowered, quoted

CUSTOM = "attributes."
CALLED = {"signed_up_at": "sign-up date"}


def label_of(field: Field, catalogue: Catalogue) -> str:
    """The label without its capital; a custom attribute that is labelled like another field is called by its key."""
    if not field.name.startswith(CUSTOM):
        return CALLED.get(field.name, lowered(field.label))
    mine = _bare(field.label)
    others = (*catalogue.fields.values(), *catalogue.order_fields.values())
    if any(other.name != field.name and mine in (_bare(other.label), CALLED.get(other.name)) for other in others):
        return f"custom field {quoted(field.name.removeprefix(CUSTOM))}"
    return lowered(field.label)


def _bare(label: str) -> str:
    return " ".join(label.lower().split())
