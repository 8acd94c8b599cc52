"""What is to become of each customer of a micro-batch, before anything is handed over."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from app.campaigns.audience.contact import CONTACT_FIELDS, HELD_OUT, Verdict, held_out
from app.campaigns.message.composing import composer_for
from app.channels.base import Message, Outcome
from app.errors import InvalidInput
from models.delivery import DeliveryState as State


@dataclass(slots=True)
class Claim:
    """`message` when it is to be sent, else a final state and its reason; `outcome` once it was handed over."""

    verdict: Verdict
    message: Message | None = None
    state: State = State.SENDING
    reason: str | None = None
    outcome: Outcome | None = None


def decide(
    campaign: Mapping[str, Any], verdicts: Sequence[Verdict], known: Container[ObjectId]
) -> tuple[list[Claim], list[Verdict]]:
    """What is settled without a message, and who may be written to. `known` holds who has a delivery already."""
    percent = campaign.get("holdout_percent") or 0
    settled: list[Claim] = []
    sendable: list[Verdict] = []
    for verdict in verdicts:
        if verdict.state is not None:
            settled.append(Claim(verdict, None, verdict.state, verdict.reason))
        # Who has been written to before is no part of the holdout.
        elif percent and verdict.customer_id not in known and held_out(campaign["_id"], verdict.customer_id, percent):
            settled.append(Claim(verdict, None, State.HELD_OUT, HELD_OUT))
        else:
            sendable.append(verdict)
    return settled, sendable


def fields_for(campaign: Mapping[str, Any]) -> Mapping[str, int]:
    """The projection of a customer that this raw campaign needs."""
    try:
        return composer_for(campaign).fields
    except InvalidInput:
        # Everybody it goes to will have failed, and the log names them all the same.
        return CONTACT_FIELDS


def compose_all(campaign: Mapping[str, Any], verdicts: Sequence[Verdict]) -> list[Claim]:
    """The messages of those who may go; one that cannot be filled in has failed."""
    claims: list[Claim] = []
    try:
        message_of = composer_for(campaign).message
    except InvalidInput as problem:
        return [Claim(verdict, None, State.FAILED, problem.detail) for verdict in verdicts]
    for verdict in verdicts:
        assert verdict.customer is not None
        try:
            claims.append(Claim(verdict, message_of(verdict.customer, verdict.address)))
        except InvalidInput as problem:
            claims.append(Claim(verdict, None, State.FAILED, problem.detail))
    return claims
