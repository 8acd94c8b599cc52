"""The journal of acceptances: what survives the process that wrote it."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.channels import acceptances
from app.channels.acceptances import Acceptances, accepted_at, read_journals


def test_another_process_reads_what_was_noted(tmp_path: Path):
    journal = Acceptances(tmp_path / "accepted")
    for number in range(5):
        journal.note(f"c:{number}")
    found = accepted_at(tmp_path / "accepted", {"c:1", "c:4", "c:9"})
    assert set(found) == {"c:1", "c:4"}
    assert datetime.now(UTC) - found["c:1"] < timedelta(seconds=5)
    assert (tmp_path / "accepted").stat().st_mode & 0o077 == 0
    journal.close()


def test_a_full_file_is_followed_by_another_and_both_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(acceptances, "MOST_BYTES", 40)
    journal = Acceptances(tmp_path)
    for number in range(9):
        journal.note(f"c:{number}")
    assert len(list(tmp_path.iterdir())) > 2
    assert len(accepted_at(tmp_path, {f"c:{number}" for number in range(9)})) == 9
    journal.close()


def test_files_of_long_ago_go(tmp_path: Path):
    old = tmp_path / "1-1.accepted"
    old.write_text("c:old 1\n")
    os.utime(old, (time.time() - acceptances.KEPT_SECONDS - 60,) * 2)
    journal = Acceptances(tmp_path)
    journal.note("c:new")
    assert not old.exists()
    journal.close()


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path):
    (tmp_path / "file").write_text("")
    journal = Acceptances(tmp_path / "file" / "accepted")
    journal.note("c:1")
    assert accepted_at(tmp_path / "file" / "accepted", {"c:1"}) == {}


def test_a_line_cut_short_by_a_crash_is_no_acceptance(tmp_path: Path):
    (tmp_path / "1-1.accepted").write_text("c:1 1000.5\nc:2")
    assert set(accepted_at(tmp_path, {"c:1", "c:2"})) == {"c:1"}


def test_a_turn_notes_the_mail_taken_and_offers_the_next(tmp_path: Path):
    journal = Acceptances(tmp_path)
    assert journal.offer("c:1")
    assert journal.turn("c:1", "c:2")
    noted = read_journals(tmp_path, {"c:1", "c:2"})
    assert set(noted.taken) == {"c:1"}
    assert noted.offered == {"c:1", "c:2"}
    journal.close()


def test_a_turn_to_a_mail_that_was_withdrawn_still_notes_the_one_taken(tmp_path: Path):
    journal = Acceptances(tmp_path)
    journal.withdraw(["c:2"])
    assert not journal.turn("c:1", "c:2")
    noted = read_journals(tmp_path, {"c:1", "c:2"})
    assert set(noted.taken) == {"c:1"}
    assert noted.offered == set()
    journal.close()
