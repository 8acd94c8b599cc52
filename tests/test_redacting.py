"""No log line holds a secret, whoever wrote it."""

from __future__ import annotations

import json
import logging
import sys

import httpx
import pytest
import structlog
from pydantic import SecretStr

from app.logs import set_up_logging
from app.redacting import redacted, secrets_of
from app.settings import Settings, use_settings

PASSWORD = 'p@ss/w"örd:9'


@pytest.fixture
def secret_settings(settings: Settings) -> Settings:
    marked = settings.model_copy(
        update={
            "smtp_url": "smtp://shop:p%40ss%2Fw%22%C3%B6rd%3A9@mail.example:587 smtp://other:second-pass@b.example",
            "mongodb_url": "mongodb://root:mongo-pass@db.example/cohort",
            "redis_url": "redis://:redis-pass@cache.example/0",
            "sms_token": SecretStr("sms-token-1"),
            "gemini_api_key": SecretStr("AIza-gemini-key"),
            "owner_password": SecretStr("four"),
        }
    )
    use_settings(marked)
    return marked


def test_every_secret_of_the_settings_is_known(secret_settings: Settings):
    found = set(secrets_of(secret_settings))
    assert {PASSWORD, "second-pass", "mongo-pass", "redis-pass", "sms-token-1", "AIza-gemini-key", "k" * 40} <= found
    assert "mail.example" not in found


def test_no_form_of_them_is_left(secret_settings: Settings):
    line = json.dumps({"event": f"wrong {PASSWORD!r}", "url": secret_settings.smtp_url, "key": "AIza-gemini-key"})
    told = redacted(line)
    assert told.count("[secret]") == 4
    for secret in ("p@ss", "p%40ss", "örd", "\\u00f6rd", "second-pass", "AIza"):
        assert secret not in told, told
    assert "mail.example:587" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("GET https://ann:hunter22@x.example/path?a=1", "GET https://[secret]@x.example/path?a=1"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer [secret]"),
        ("key cohort_0123456789abcdefghij-_x was refused", "key cohort_[secret] was refused"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijk", "got [secret]"),
        ("/reset?token=abcd1234&x=1", "/reset?token=[secret]&x=1"),
        ("client_secret=s3cr3t-9", "client_secret=[secret]"),
        ("tokens=12 and mail to ann@example.com", "tokens=12 and mail to ann@example.com"),
        ("http://127.0.0.1:8080/customers", "http://127.0.0.1:8080/customers"),
    ],
)
def test_what_looks_like_a_credential_is_taken_out_anywhere(settings: Settings, text: str, told: str):
    assert redacted(text) == told


def test_settings_do_not_show_them(secret_settings: Settings):
    shown = repr(secret_settings) + str(secret_settings)
    for secret in ("second-pass", "mongo-pass", "redis-pass", "sms-token-1", "AIza", "kkkk"):
        assert secret not in shown


def test_tracebacks_and_libraries_are_no_way_around(secret_settings: Settings, capsys: pytest.CaptureFixture[str]):
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook)
    try:
        set_up_logging("web")
        try:
            raise httpx.ConnectError(f"no way to {secret_settings.redis_url} with {PASSWORD}")
        except httpx.ConnectError as problem:
            logging.getLogger("some.library").exception("failed for %s", secret_settings.mongodb_url)
            structlog.get_logger("ours").error("failed", key="AIza-gemini-key", exc_info=problem)
            sys.excepthook(type(problem), problem, problem.__traceback__)
    finally:
        root.handlers[:], sys.excepthook = before[0], before[2]
        root.setLevel(before[1])
        structlog.reset_defaults()
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 3
    assert said.count("ConnectError") >= 3
    for secret in ("redis-pass", "mongo-pass", "AIza", "p@ss"):
        assert secret not in said
