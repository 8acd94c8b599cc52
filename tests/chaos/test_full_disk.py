"""A disk that is full costs certainty, never the campaign, and never a second message."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from app.channels.acceptances import read_journals

OFFERING = textwrap.dedent(
    """
    import resource, signal, sys
    from pathlib import Path
    from app.campaigns.sending.owners import this_process
    from app.channels.acceptances import Acceptances

    journal = Acceptances(Path(sys.argv[1]))
    journal.begin()
    assert journal.offer("a:1")
    journal.note("a:1")
    # From here on no file may grow, which is what a full disk is to a writer.
    size = sum(path.stat().st_size for path in Path(sys.argv[1]).iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + int(sys.argv[2]), resource.RLIM_INFINITY))
    assert journal.offer("a:2")
    journal.note("a:2")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert journal.offer("a:3")
    journal.note("a:3")
    print(this_process())
    """
)


def _after_a_full_disk(folder: Path, room: int) -> tuple[str, set[str], set[str], set[str]]:
    """A process's name, and what its journal says was taken, offered and by whom kept, when so many bytes had room."""
    ran = subprocess.run(
        [sys.executable, "-c", OFFERING, str(folder), str(room)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found = read_journals(folder, ["a:1", "a:2", "a:3"])
    return ran.stdout.strip(), set(found.taken), found.offered, found.writers


def test_a_full_disk_stops_nobody_and_its_journal_is_no_proof_of_silence(tmp_path: Path) -> None:
    writer, taken, offered, writers = _after_a_full_disk(tmp_path, 0)
    assert "a:1" in taken
    assert "a:2" not in taken
    assert "a:2" not in offered
    # Nobody may conclude that a:2 was never offered.
    assert writer not in writers


def test_a_line_that_was_cut_short_spoils_no_other(tmp_path: Path) -> None:
    for room in range(1, 40, 3):
        folder = tmp_path / str(room)
        writer, taken, offered, writers = _after_a_full_disk(folder, room)
        assert "a:1" in taken
        assert "a:2" not in taken or room > 20
        assert writer not in writers or "a:2" in offered
