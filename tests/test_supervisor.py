"""`cohort run` as it is: the whole product as child processes, with what may happen to them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from app.processes import children, end, holders
from app.settings import Settings
from app.supervisor import LONGEST_PAUSE, STEADY_SECONDS, Pauses, environment_of

COHORT = [sys.executable, "-P", "-m", "app.cli"]


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """This process's environment without any setting of ours, but for these."""
    names = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return kept | {"DATA_DIR": str(data_dir), "PORT": "0"} | more


def until(check: Callable[[], bool], seconds: float = 90) -> None:
    """Wait for something another process does."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Instance:
    """A running `cohort run`."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "data"
        self.log = folder / "log.txt"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*COHORT, "run"],
                env=environment(self.data_dir),
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=log,
                # Tests under nohup(1) ignore it, and so would their children.
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
            )
        self.said = ""
        self.address = ""

    def wait_until_open(self) -> None:
        assert self.process.stdout is not None
        while "Ctrl-C" not in self.said:
            line = self.process.stdout.readline().decode()
            assert line, f"it ended: {self.log.read_text()}"
            self.said += line
        found = re.search(r"http://[\d.:]+", self.said)
        assert found is not None
        self.address = found.group()

    def parts(self) -> dict[str, int]:
        """The children by what they are: web, worker, mongod, valkey-server."""
        found: dict[str, int] = {}
        for pid in holders(self.data_dir / "run" / "children.lock") - {self.process.pid}:
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
                name = words[4] if "app.cli" in words else Path(f"/proc/{pid}/comm").read_text().strip()
                found[name] = pid
        return found

    def nobody_left(self) -> bool:
        return not holders(self.data_dir / "run" / "children.lock")

    def ready(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.address}/readyz", timeout=2).status_code == 200
        return False

    def cohort(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same data folder."""
        return subprocess.run(
            [*COHORT, *arguments],
            env=environment(self.data_dir),
            cwd=self.data_dir.parent,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Instance]]:
    """Starts instances in one folder and leaves none behind."""
    instances: list[Instance] = []

    def begin() -> Instance:
        instances.append(Instance(tmp_path))
        return instances[-1]

    yield begin
    for instance in instances:
        if instance.process.poll() is None:
            instance.process.kill()
        instance.process.wait()
        assert instance.process.stdout is not None
        instance.process.stdout.close()
        until(instance.nobody_left, 40)


@pytest.mark.journey
def test_a_run_from_its_start_to_ctrl_c(start: Callable[[], Instance]) -> None:
    instance = start()
    instance.wait_until_open()
    assert instance.ready()
    link = re.search(r"http\S+/welcome\?token=\S+", instance.said)
    assert link is not None
    assert httpx.get(link.group()).status_code == 200
    parts = instance.parts()
    assert set(parts) == {"web", "worker", "mongod", "valkey-server"}

    second = instance.cohort("run")
    assert second.returncode == 1
    assert f"already in use by process {instance.process.pid} (cohort run)" in second.stderr
    assert len(second.stderr.splitlines()) == 1

    beside = instance.cohort("member", "list")
    assert (beside.returncode, beside.stdout) == (0, "No members yet.\n"), beside.stderr

    for part in ("web", "valkey-server", "mongod", "worker"):
        os.kill(parts[part], signal.SIGKILL)
        until(lambda part=part: instance.parts().get(part, parts[part]) != parts[part])  # type: ignore[misc]
    until(instance.ready)
    assert set(instance.parts()) == set(parts)
    assert "web was killed by SIGKILL; starting it again now" in instance.log.read_text()

    instance.process.send_signal(signal.SIGINT)
    assert instance.process.wait(60) == 0
    assert instance.nobody_left()
    assert not (instance.data_dir / "run" / "servers.json").exists()


@pytest.mark.journey
def test_after_kill_9_everything_ends_and_the_next_start_is_clean(start: Callable[[], Instance]) -> None:
    first = start()
    first.wait_until_open()
    first.process.kill()
    first.process.wait()

    # At once: it has to wait until the former servers have let go of their files.
    second = start()
    second.wait_until_open()
    assert second.ready()
    second.process.terminate()
    assert second.process.wait(60) == 0
    assert second.nobody_left()


@pytest.mark.journey
def test_a_hangup_while_it_starts_ends_it(start: Callable[[], Instance]) -> None:
    instance = start()
    until(lambda: "mongod" in instance.parts())
    instance.process.send_signal(signal.SIGHUP)
    assert instance.process.wait(60) == 0
    assert instance.nobody_left()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = subprocess.run(
            [*COHORT, "run"], env=environment(tmp_path, PORT=port), capture_output=True, text=True, check=False
        )
    assert result.returncode == 1
    assert result.stderr.startswith(f"cohort: PORT: {port} is already taken on 127.0.0.1")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value"), [("TIMEZONE", "Mars/Olympus"), ("HOST", "no.such.host.invalid"), ("DATA_DIR", "/proc/cohort")]
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(name: str, value: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [*COHORT, "run"], env=environment(tmp_path) | {name: value}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert result.stderr.startswith(f"cohort: {name}: ")
    assert len(result.stderr.splitlines()) == 1


def test_the_pause_between_starts_grows_and_is_forgotten() -> None:
    pauses = Pauses()
    assert [pauses.after(0) for _ in range(8)] == [0, 0.5, 1, 2, 4, 8, LONGEST_PAUSE, LONGEST_PAUSE]
    assert pauses.after(STEADY_SECONDS) == 0
    assert pauses.after(0) == 0.5


async def test_who_does_not_listen_to_sigterm_is_killed_in_time_or_at_once_in_a_hurry() -> None:
    deaf = ["sh", "-c", "trap '' TERM; echo deaf; while true; do sleep 0.1; done"]
    for seconds, hurry in ((0.2, asyncio.Event()), (60, asyncio.Event())):
        process = await asyncio.create_subprocess_exec(*deaf, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        await process.stdout.readline()
        assert process.pid in children()
        if seconds == 60:
            hurry.set()
        async with asyncio.timeout(10):
            await end(process, seconds, hurry)
        assert process.returncode == -signal.SIGKILL
        assert process.pid not in children()


def test_children_read_the_same_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        _env_file=None, data_dir=tmp_path, secret_key="s" * 40, week_start="sunday", smtp_url="smtp://a:b@there:25"
    )
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    assert Settings(_env_file=None) == settings
