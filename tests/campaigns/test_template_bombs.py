"""Templates that would eat time or memory are refused in one sentence, at every door, before anything is sent."""

from __future__ import annotations

import resource
import time

import pytest

from app.api.rehearsal import rehearse
from app.campaigns.life import service
from app.campaigns.life.control import send
from app.campaigns.message.preview import preview_message
from app.campaigns.message.rendering import check_message
from app.campaigns.message.trial import test as try_out
from app.database import collection
from app.errors import InvalidInput
from app.segments.service import create_segment
from models import Customer, Delivery, Member

DOUBLING = "{% assign a = 'xxxxxxxxxxxxxxxx' %}" + "{% assign a = a | append: a %}" * 60 + "{{ a }}"
BOMBS = {
    "a huge range": "{% for i in (1..1000000000) %}x{% endfor %}",
    "nested loops": "{% for i in (1..999) %}" * 15 + "x" + "{% endfor %}" * 15,
    "doubling": DOUBLING,
    "doubling in a loop": "{% assign a = 'x' %}{% for i in (1..900) %}{% assign a = a | append: a %}{% endfor %}",
    "capture in a loop": "{% for i in (1..900) %}{% capture a %}{{ a }}{{ a }}xx{% endcapture %}{% endfor %}{{ a }}",
    "replace": "{% assign a = 'aaaaaaaaaaaaaaaa' %}" + "{% assign a = a | replace: 'a', 'aaaaaaaaaaaaaaaa' %}" * 20,
    "a long number": "{% assign a = 9 %}" + "{% assign a = a | times: a %}" * 60 + "{{ a }}",
    "deep nesting": "{% if shop %}" * 400 + "x" + "{% endif %}" * 400,
    "split and join": "{% assign a = 'x' %}" + "{% assign a = a | replace: 'x', 'xxxxxxxx' | prepend: a %}" * 30,
    "output": "{% for i in (1..999) %}" + "y" * 20_000 + "{% endfor %}",
    "another file": "{% include '../../etc/passwd' %}",
    "a render tag": "{% render 'x' %}",
    "python": "{{ shop.__class__.__mro__ }}",
    "globals": "{{ customer.__init__.__globals__ }}",
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("field", ["subject", "body", "preview_text"])
def test_a_bomb_is_refused_in_good_time_and_little_memory(name: str, field: str):
    fields = {"subject": "Hi", "body": "Hello", "preview_text": ""} | {field: BOMBS[name]}
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # A preview line becomes a part of the body, which may be the first to say so.
    with pytest.raises(InvalidInput, match=f"^({field}|body): ") as refused:
        check_message(fields["subject"], fields["body"], preview_text=fields["preview_text"])
    assert len(refused.value.detail) < 400
    assert time.process_time() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB


@pytest.mark.parametrize("name", BOMBS)
def test_text_messages_have_the_same_limits(name: str):
    with pytest.raises(InvalidInput, match=r"^body: "):
        check_message("", BOMBS[name], channel="sms")


@pytest.mark.parametrize("name", ["a huge range", "doubling", "nested loops"])
async def test_no_door_lets_one_through(bob: Member, name: str):
    await Customer(email="ann@example.com", city="Pune", email_opt_in=True).insert()
    rule = {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": "Pune"}]}
    segment = await create_segment(bob, name="Pune", rule=rule)
    fields = {"name": "C", "channel": "outbox", "subject": "Hi", "segment_ids": [str(segment.id)]}
    with pytest.raises(InvalidInput, match="body"):
        await preview_message(bob, "Hi", BOMBS[name])
    with pytest.raises(InvalidInput, match="body"):
        await service.create_campaign(bob, {**fields, "body": BOMBS[name]})
    campaign = await service.create_campaign(bob, {**fields, "body": "Hello"})
    with pytest.raises(InvalidInput, match="body"):
        await service.update_campaign(bob, campaign.id, {"body": BOMBS[name]})
    # As if one had been saved before there were limits.
    await collection("campaigns").update_one({"_id": campaign.id}, {"$set": {"body": BOMBS[name]}})
    campaign = await service.get_campaign(bob, campaign.id)
    assert not (await rehearse(bob, campaign)).ready
    with pytest.raises(InvalidInput, match="body"):
        await try_out(bob, campaign.id, ["bob@example.com"])
    with pytest.raises(InvalidInput, match="body"):
        await send(bob, campaign.id)
    assert await Delivery.count() == 0
