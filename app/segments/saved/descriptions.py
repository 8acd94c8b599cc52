"""The description of a segment: a person's, or generated from the rule and kept in step with it."""

from __future__ import annotations

import asyncio
import importlib
from collections import OrderedDict

from app.ai.personal import says_personal
from app.ai.provider import configured
from app.segments.catalogue.fields import Catalogue
from app.segments.rule.nodes import Group
from app.segments.sentence import sentence
from models.member import Member
from models.segment import DescriptionSource

REMEMBERED = 256

_generated: OrderedDict[str, DescriptionSource] = OrderedDict()


async def generate(name: str, rule: Group, catalogue: Catalogue, member: Member) -> tuple[str, DescriptionSource]:
    """A description of the rule: polished by AI where there is one, else the sentence.

    A rule that holds a person's name or address is described by its sentence, so that no provider is told of it.
    """
    said = sentence(rule, catalogue)
    if configured() is None or says_personal(rule):
        return said, DescriptionSource.SENTENCE
    # The providers' libraries take seconds to load, so a shop without AI never loads them and others not at the start.
    describe = await asyncio.to_thread(importlib.import_module, "app.ai.describe")
    text, source = await describe.describe_segment(name, said, member)
    _generated[text.strip()] = source
    while len(_generated) > REMEMBERED:
        _generated.popitem(last=False)
    return text.strip(), source


def written_by(text: str, rule_sentence: str) -> DescriptionSource:
    """Who wrote a description that comes with a save. One generated a moment ago does not become a person's by that."""
    if text == rule_sentence:
        return DescriptionSource.SENTENCE
    return _generated.get(text, DescriptionSource.PERSON)
