"""Receipts in any order, doubled: the same delivery in the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.receipts.moving import MOST_EVENTS, RANKS, is_hard, step
from models.delivery import DeliveryState as State

START = datetime(2026, 3, 1, tzinfo=UTC)
HARD = "550 5.1.1 User unknown"
SOFT = "552 5.2.2 Mailbox full"
KINDS = [("delivered", "", False), ("bounced", SOFT, False), ("bounced", HARD, True), ("complained", "", False)]


def receipt(event: str, reason: str = "", permanent: bool = False, minute: int = 1) -> dict[str, Any]:
    return {"event": event, "reason": reason, "permanent": permanent, "at": START + timedelta(minutes=minute)}


def delivery(state: str = "sent") -> dict[str, Any]:
    return {"state": state, "sent_at": START, "reason": None, "history": []}


def after(row: dict[str, Any], batches: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """The delivery after these batches, as the database would have it."""
    for batch in batches:
        made = step(row, batch)
        if made is not None:
            assert made.before == row["state"]
            history = sorted([*row["history"], *made.events], key=lambda event: event["at"])
            row = {**row, **made.changes, "history": history}
            assert row["state"] == made.after
    return row


kinds = st.sampled_from(KINDS)
receipts = st.lists(st.sampled_from(range(len(KINDS))), unique=True, min_size=1).map(
    lambda chosen: [receipt(*KINDS[kind], minute=kind + 1) for kind in sorted(chosen)]
)


@given(receipts, st.data())
def test_order_repeats_and_batches_do_no_harm(made: list[dict[str, Any]], data: st.DataObject):
    plain = after(delivery(), [[one] for one in made])
    mixed = data.draw(st.permutations(made + data.draw(st.lists(st.sampled_from(made), max_size=6))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(mixed)), max_size=3)))
    batches = [mixed[start:end] for start, end in zip([0, *cuts], [*cuts, len(mixed)], strict=True)]
    assert after(delivery(), batches) == plain
    assert plain["state"] == max((one["event"] for one in made), key=RANKS.__getitem__)


@given(st.lists(kinds, max_size=12), st.sampled_from([state for state in State if state not in RANKS]))
def test_what_ended_otherwise_keeps_its_state_and_remembers(made: list[Any], state: State):
    row = after(delivery(state), [[receipt(*one)] for one in made])
    assert row["state"] == state
    assert {event["state"] for event in row["history"]} == {event for event, _, _ in made}


@given(st.sampled_from(["sending", "deferred", "sent", "unknown"]), kinds)
def test_whatever_was_open_moves(state: str, kind: Any):
    row = {**delivery(state), "sent_at": None, "reason": "may or may not have arrived"}
    made = step(row, [receipt(*kind)])
    assert made is not None
    assert (made.before, made.after) == (state, kind[0])
    assert made.changes["sent_at"] == START + timedelta(minutes=1)
    assert made.changes["reason"] == (None if kind[0] == "delivered" else kind[1] or "Reported as spam")


def test_a_second_look_changes_nothing():
    row = after(delivery(), [[receipt("delivered"), receipt("complained", minute=5)]])
    assert step(row, [receipt("complained", minute=5), receipt("delivered", minute=9)]) is None


def test_the_words_of_a_hard_bounce_win_over_those_of_a_soft_one():
    for order in ([SOFT, HARD], [HARD, SOFT]):
        batches = [[receipt("bounced", words, words == HARD)] for words in order]
        assert after(delivery(), batches)["reason"] == HARD


@pytest.mark.parametrize(
    ("reason", "permanent", "hard"),
    [
        ("550 5.1.1 no such user", False, True),
        ("5.1.10 no such domain", False, True),
        ("550-5.1.1 no such user", False, True),
        ("550 5.1.8 bad sender", False, False),
        ("550 5.7.1 blocked", False, False),
        ("552 5.2.2 full", False, False),
        ("", True, True),
        ("", False, False),
    ],
)
def test_what_a_hard_bounce_is(reason: str, permanent: bool, hard: bool):
    assert is_hard(receipt("bounced", reason, permanent)) is hard
    assert not is_hard(receipt("complained", reason, permanent))


def test_a_vendor_that_never_stops_fills_no_document():
    row = after(delivery(), [[receipt("bounced", f"words {n}")] for n in range(200)])
    assert len(row["history"]) == MOST_EVENTS
