"""The commands, in this process, beside the tests' own servers; the slow paths are in test_supervisor.py."""

from __future__ import annotations

import asyncio
import io
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from app import database as db
from app.cli import app
from app.cli.announcement import how_to_sign_in, how_to_sign_in_as
from app.cli.serve import DEMO_OWNER, _demo_settings
from app.data_folder import DataLock
from app.settings import Settings

CUSTOMERS = (
    "external_id,email,name,Ort\n1,ann@example.com,Ann,Pune\n2,ben@example.com,Ben,Goa\n3,not an address,C,Goa\n"
)


@dataclass
class Result:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


Cohort = Callable[..., Result]


@pytest.fixture
async def emptied(database: object) -> None:
    """The tests' database, empty and let go of: a command connects on a loop of its own."""
    await db.disconnect()


@pytest.fixture
def cohort(
    settings: Settings,
    emptied: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Cohort:
    """Runs a command as it would be in a shell in `tmp_path`."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("mongodb_url", "redis_url", "data_dir"):
        monkeypatch.setenv(name.upper(), str(getattr(settings, name)))
    monkeypatch.setenv("SECRET_KEY", "k" * 40)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        try:
            app(list(arguments))
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Result(code, said.out, said.err)

    return run


class TestFrame:
    def test_help_is_quick_because_nothing_heavy_is_loaded(self) -> None:
        code = "import sys, app.cli; print(*sorted(m for m in sys.modules if '.' not in m))"
        loaded = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True).stdout
        assert not {"nicegui", "beanie", "pymongo", "redis", "pydantic", "fastapi", "structlog"} & set(loaded.split())

    def test_version(self, cohort: Cohort) -> None:
        assert cohort("version").out.startswith("cohort ")

    def test_a_wrong_setting_ends_with_code_2(self, cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORT", "eighty")
        for command in ("run", "web", "worker", "demo"):
            result = cohort(command)
            assert result.code == 2
            assert result.err.startswith("cohort: PORT: ")
            assert len(result.err.splitlines()) == 1

    def test_web_alone_asks_for_servers(self, cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REDIS_URL", "")
        for command in ("web", "worker"):
            result = cohort(command)
            assert (result.code, result.err) == (
                2,
                "cohort: REDIS_URL: name a server, or use `cohort run`, which starts one\n",
            )

    def test_a_database_that_is_away_is_one_line(self, cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MONGODB_URL", "mongodb://127.0.0.1:9/cohort?serverSelectionTimeoutMS=100")
        monkeypatch.setattr("app.database.AsyncMongoClient", _impatient())
        result = cohort("member", "list")
        assert result.code == 1
        assert "database does not answer" in result.err
        assert len(result.err.splitlines()) == 1


class TestMember:
    def test_from_first_to_last(self, cohort: Cohort) -> None:
        added = cohort("member", "add", "Ann@Example.com", "--role", "owner", "--stdin", stdin="a good long password\n")
        assert (added.code, added.out) == (0, "ann@example.com is a member now, as owner.\n"), added.err
        generated = cohort("member", "add", "ben@example.com", "--stdin", stdin="\n")
        assert "Password: " in generated.out
        assert cohort("member", "passwd", "ben@example.com", "--stdin", stdin="another long password\n").code == 0
        assert cohort("member", "role", "ben@example.com", "viewer").out == "ben@example.com is viewer now.\n"
        assert cohort("member", "deactivate", "ben@example.com").code == 0
        listed = cohort("member", "list").out.splitlines()
        assert [line.split()[:2] for line in listed] == [["ann@example.com", "owner"], ["ben@example.com", "viewer"]]
        assert "deactivated" in listed[1]
        assert cohort("member", "activate", "ben@example.com").code == 0

    @pytest.mark.parametrize("change", [["role", "ann@example.com", "viewer"], ["deactivate", "ann@example.com"]])
    def test_the_last_owner_stays(self, cohort: Cohort, change: list[str]) -> None:
        cohort("member", "add", "ann@example.com", "--role", "owner", "--stdin", stdin="a good long password\n")
        result = cohort("member", *change)
        assert (result.code, result.err) == (
            1,
            "cohort: This is the last owner; make somebody else an owner first.\n",
        )
        assert "owner" in cohort("member", "list").out
        assert "deactivated" not in cohort("member", "list").out

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["add", "nobody", "--stdin"], "email: should be an address"),
            (["add", "ann@example.com", "--role", "boss", "--stdin"], "role: should be owner, manager"),
            (["passwd", "ghost@example.com", "--stdin"], "No member has the address ghost@example.com."),
        ],
    )
    def test_mistakes_are_one_line(self, cohort: Cohort, arguments: list[str], words: str) -> None:
        result = cohort("member", *arguments, stdin="a good long password\n")
        assert result.code == 1
        assert words in result.err
        assert len(result.err.splitlines()) == 1


class TestImport:
    def test_counts_and_the_rejected_rows(self, cohort: Cohort, tmp_path: Path) -> None:
        (tmp_path / "people.csv").write_text(CUSTOMERS)
        result = cohort("import", "customers", "people.csv")
        assert result.code == 0, result.err
        assert "3 rows: 2 created, 0 updated, 1 rejected" in result.out
        rejected = (tmp_path / "people.rejects.csv").read_text()
        assert "not an address" in rejected
        assert len(rejected.splitlines()) == 2

    def test_a_mapping_by_hand(self, cohort: Cohort, tmp_path: Path) -> None:
        (tmp_path / "people.csv").write_text(CUSTOMERS)
        mapping = [f"--mapping={pair}" for pair in ("external_id=external_id", "name=name", "Ort=city")]
        result = cohort("import", "customers", "people.csv", *mapping)
        assert "3 rows: 3 created" in result.out, result.err

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["customers", "none.csv"], "none.csv: No such file"),
            (["people", "people.csv"], "kind: should be customers or orders"),
            (["customers", "people.csv", "--mapping", "city"], "should be COLUMN=FIELD"),
            (["customers", "people.csv", "--mapping", "Town=city"], "The file has no such column"),
            (["orders", "people.csv"], "No column for"),
        ],
    )
    def test_mistakes_are_one_line(self, cohort: Cohort, tmp_path: Path, arguments: list[str], words: str) -> None:
        (tmp_path / "people.csv").write_text(CUSTOMERS)
        result = cohort("import", *arguments)
        assert result.code == 1
        assert words in result.err
        assert len(result.err.splitlines()) == 1


class TestBackup:
    def test_there_and_back(self, cohort: Cohort, tmp_path: Path) -> None:
        cohort("member", "add", "ann@example.com", "--role", "owner", "--stdin", stdin="a good long password\n")
        kept = re.search(r"[1-9]\d* documents", cohort("backup", "shop.zip").out)
        assert kept
        refused = cohort("restore", "shop.zip")
        assert refused.code == 1
        assert "is not empty" in refused.err
        assert kept[0] in cohort("restore", "shop.zip", "--force").out
        assert "ann@example.com" in cohort("member", "list").out

    async def test_not_under_a_running_instance(self, cohort: Cohort, settings: Settings, tmp_path: Path) -> None:
        await asyncio.to_thread(cohort, "backup", "shop.zip")
        async with DataLock(settings.data_dir, "run"):
            result = await asyncio.to_thread(cohort, "restore", "shop.zip")
        assert result.code == 1
        assert f"process {os.getpid()}, cohort run" in result.err


class TestRotateKey:
    def test_a_new_key_signs_and_the_old_one_verifies(
        self, cohort: Cohort, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SECRET_KEY")
        cohort("member", "add", "ann@example.com", "--role", "owner", "--stdin", stdin="a good long password\n")
        before = (settings.data_dir / "secret_key").read_text()
        result = cohort("rotate-key")
        assert (result.code, "still verifies" in result.out) == (0, True), result.err
        assert (settings.data_dir / "secret_keys_former").read_text().split() == [before]
        assert before not in result.out
        assert "2 lines, every seal fits" in cohort("doctor").out, "the new member, and the change that vouches for it"

    def test_a_key_of_the_environment_is_changed_there(self, cohort: Cohort, settings: Settings) -> None:
        result = cohort("rotate-key")
        assert (result.code, "SECRET_KEYS_FORMER" in result.err) == (2, True)
        assert not (settings.data_dir / "secret_keys_former").exists()


class TestDoctor:
    def test_all_is_well(self, cohort: Cohort) -> None:
        result = cohort("doctor")
        assert result.code == 0, result.out
        for check in ("Settings", "Data folder", "Free disk", "Time zone", "Database", "Indexes", "Queue", "Mail"):
            assert check in result.out

    def test_it_fails_for_what_is_away(self, cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
        monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:9")
        result = cohort("doctor")
        assert result.code == 1
        assert "The queue does not answer" in result.out
        assert "SMTP_URL: 127.0.0.1:9" in result.out

    def test_a_wrong_setting_is_a_finding(self, cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TIMEZONE", "Mars/Olympus")
        result = cohort("doctor")
        assert result.code == 1
        assert "TIMEZONE: should be an IANA time zone" in result.out


class TestDemo:
    def test_its_password_is_made_once_and_private(
        self, cohort: Cohort, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv("DATA_DIR")
        first, second = _demo_settings(), _demo_settings()
        assert first.data_dir == Path("demo-data")
        assert first.owner_email == DEMO_OWNER
        assert first.owner_password.get_secret_value() == second.owner_password.get_secret_value() != ""
        assert stat.S_IMODE((tmp_path / "demo-data" / "demo_password").stat().st_mode) == 0o600

    def test_settings_win(self, cohort: Cohort, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("OWNER_EMAIL", "ann@example.com")
        monkeypatch.setenv("OWNER_PASSWORD", "a good long password")
        demo = _demo_settings()
        assert (demo.owner_email, demo.data_dir) == ("ann@example.com", tmp_path)
        assert not (tmp_path / "demo_password").exists()


class TestAnnouncement:
    def test_the_welcome_link_until_there_is_an_owner(self, cohort: Cohort, settings: Settings) -> None:
        first = asyncio.run(how_to_sign_in(settings))
        assert f"{settings.base_url}/welcome?token=" in first
        assert asyncio.run(how_to_sign_in(settings)) == first
        cohort("member", "add", "ann@example.com", "--role", "owner", "--stdin", stdin="a good long password\n")
        assert asyncio.run(how_to_sign_in(settings)) == "Sign in as the owner, ann@example.com"

    def test_a_password_is_told_only_while_it_is_the_one(self, cohort: Cohort, settings: Settings) -> None:
        cohort("member", "add", "ann@example.com", "--role", "owner", "--stdin", stdin="a good long password\n")
        told = asyncio.run(how_to_sign_in_as(settings, "ann@example.com", "a good long password"))
        assert told.endswith("with the password a good long password")
        other = asyncio.run(how_to_sign_in_as(settings, "ann@example.com", "no longer this one"))
        assert other == "Sign in as ann@example.com with the password you gave it"


def _impatient() -> type:
    """A client that does not wait ten seconds for a server nobody expects to answer."""
    from pymongo import AsyncMongoClient

    class Impatient(AsyncMongoClient):  # type: ignore[type-arg]  # as generic as the one it stands for
        def __init__(self, url: str, **options: object) -> None:
            super().__init__(url, **{**options, "serverSelectionTimeoutMS": 100})  # type: ignore[arg-type]

    return Impatient


def test_a_defect_keeps_its_traceback(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("app.cli.doctor.run_async", lambda work: (work.close(), broken()))
    with pytest.raises(ZeroDivisionError):
        cohort("doctor")
