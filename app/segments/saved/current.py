"""A rule read against the catalogue of this moment."""

from __future__ import annotations

from app.errors import RuleError
from app.segments.catalogue import catalogue_age, forget_catalogue, load_catalogue
from app.segments.catalogue.fields import Catalogue
from app.segments.rule.nodes import Group
from app.segments.rule.parse import parse_rule

FRESH_SECONDS = 2.0


async def read_rule(raw: object) -> tuple[Group, Catalogue]:
    """`parse_rule` with the kept catalogue; what it refuses is tried once more with a fresh one.

    So a segment, campaign or attribute that another process made a moment ago is known. Raises RuleError.
    """
    catalogue = await load_catalogue()
    try:
        return parse_rule(raw, catalogue), catalogue
    except RuleError:
        if catalogue_age() < FRESH_SECONDS:
            raise
    forget_catalogue()
    catalogue = await load_catalogue()
    return parse_rule(raw, catalogue), catalogue
