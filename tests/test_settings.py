"""Each wrong value stops the start with one line that names it; the generated key is private and stays."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from app.errors import SettingsError
from app.settings import Settings, read_settings

WRONG = {
    "PORT": ["70000", "-1", "eighty"],
    "PUBLIC_URL": ["shop.example.com", "ftp://shop.example.com", "https://"],
    "SECRET_KEY": ["short"],
    "TIMEZONE": ["Mars/Olympus", "IST"],
    "CURRENCY": ["RUPEES", "XX"],
    "WEEK_START": ["someday"],
    "MONGODB_URL": ["localhost:27017", "postgres://localhost/db"],
    "REDIS_URL": ["localhost:6379", "http://localhost"],
    "WORKER_PROCESSES": ["0", "many", "1000"],
    "WORKER_THREADS": ["0", "1000"],
    "SMTP_URL": ["mail.example.com", "http://mail.example.com", "smtp://mail.example.com:99999"],
    "SMS_URL": ["sms.example.com"],
    "GEMINI_BASE_URL": ["gemini"],
    "OPENAI_BASE_URL": ["file:///etc/passwd"],
    "GOOGLE_DISCOVERY_URL": ["accounts.google.com"],
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine's own, and no `.env`."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_it_names_the_wrong_setting_in_one_line(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert caught.value.detail.startswith(f"{name}: ")
    assert "\n" not in caught.value.detail


def test_everything_has_a_default() -> None:
    settings = read_settings()
    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")


def test_an_empty_variable_means_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert read_settings().port == 8080


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9001\nCURRENCY=inr\nUNKNOWN_TO_US=1\n")
    monkeypatch.setenv("PORT", "9002")
    settings = read_settings()
    assert (settings.port, settings.currency) == (9002, "INR")


class TestSigningKey:
    def test_it_is_generated_once_and_private(self, tmp_path: Path) -> None:
        settings = read_settings(data_dir=tmp_path / "data")
        key = settings.signing_key()
        assert len(key) >= 32
        assert read_settings(data_dir=tmp_path / "data").signing_key() == key
        assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600
        assert os.listdir(tmp_path / "data") == ["secret_key"]

    def test_processes_that_start_at_once_agree(self, tmp_path: Path) -> None:
        settings = read_settings(data_dir=tmp_path)
        start = threading.Barrier(8)
        keys: list[bytes] = []

        def read() -> None:
            start.wait()
            keys.append(settings.signing_key())

        threads = [threading.Thread(target=read) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(keys) == 8
        assert len(set(keys)) == 1

    def test_a_given_one_is_used(self, tmp_path: Path) -> None:
        settings = read_settings(data_dir=tmp_path, secret_key="s" * 32)
        assert settings.signing_key() == b"s" * 32
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("queue", "signals"),
    [
        ("redis://there:6379", "redis://there:6379/1"),
        ("redis://:secret@there:6379/3", "redis://:secret@there:6379/4"),
        ("unix:///run/valkey.sock?db=0", "unix:///run/valkey.sock?db=1"),
        ("unix:///run/a%20b.sock", "unix:///run/a%20b.sock?db=1"),
        ("", ""),
    ],
)
def test_signals_have_the_database_after_the_queue(queue: str, signals: str) -> None:
    settings = read_settings(redis_url=queue)
    assert (settings.queue_url, settings.signals_url) == (queue, signals)
