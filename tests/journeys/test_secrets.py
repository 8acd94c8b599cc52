"""A whole run in which every credential is wrong: neither the log, nor an answer, nor what is stored shows one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.fakes.gemini import FakeGemini
from tests.fakes.scripted import Status
from tests.fakes.smtp import Script, SmtpSink
from tests.fakes.vendor import Say, Vendor
from tests.journeys.conftest import OWNER, PASSWORD, Product, cohort_run

pytestmark = pytest.mark.journey

SECRETS = {
    "mail": "mail-pass-7c1",
    "GEMINI_API_KEY": "AIza-gemini-5d2f8a",
    "SMS_TOKEN": "sms-token-9e3b",
    "SMS_SECRET": "sms-secret-2b7d",
    "WEBHOOK_SECRET": "hook-secret-4f1c",
    "RECEIPTS_SECRET": "receipts-secret-8a6e-0123456789",
    "OIDC_CLIENT_SECRET": "oidc-secret-1d9a",
    "SECRET_KEY": "signing-key-0123456789-0123456789-abcdef",
}
DEADLINE_SECONDS = 60


def campaign(api: httpx.Client, channel: str, segment: str) -> str:
    body = {"name": channel, "channel": channel, "body": "Hello", "segment_ids": [segment]}
    if channel != "sms":
        body["subject"] = "Hi"
    made = api.post("/api/campaigns", json=body)
    assert made.status_code == 201, made.text
    id = made.json()["id"]
    api.post(f"/api/campaigns/{id}/send").raise_for_status()
    return str(id)


def until_waiting(api: httpx.Client, id: str) -> None:
    """Until the campaign says why it cannot go on, or is done."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        found = api.get(f"/api/campaigns/{id}").json()
        if found["state"] == "done" or "sign-in" in str(found) or "refuses" in str(found):
            return
    pytest.fail(f"the campaign neither waits nor ends: {found}")


def test_wrong_credentials_are_told_without_being_shown(tmp_path: Path):
    sink = SmtpSink(script=Script(users={"shop": "another"}))
    gemini = FakeGemini(replies=[Status(401)] * 9)
    with sink, gemini, Vendor(*[Say(401, {"error": "who are you"})] * 50) as vendor:
        environment = {name: value for name, value in SECRETS.items() if name.isupper()}
        environment |= {
            "SMTP_URL": sink.url.replace("://", f"://shop:{SECRETS['mail']}@"),
            "GEMINI_BASE_URL": gemini.base_url,
            "SMS_URL": vendor.url,
            "WEBHOOK_URL": "http://hook:hook-pass-3c3c@127.0.0.1:9/",
            "OIDC_CLIENT_ID": "cohort",
            "OIDC_DISCOVERY_URL": "http://127.0.0.1:9/.well-known/openid-configuration",
        }
        with cohort_run(tmp_path, **environment) as (url, log):
            said = _use_everything(Product(url, sink))
            backup = tmp_path / "backup.zip"
            command = [sys.executable, "-m", "app.cli", "backup", str(backup)]
            subprocess.run(command, env={**os.environ, **environment, "DATA_DIR": str(tmp_path / "data")}, check=True)
        log_text = log.read_text(errors="replace")
    assert log_text.strip()
    stored = _stored(tmp_path, backup)
    for secret in (*SECRETS.values(), "hook-pass-3c3c", PASSWORD):
        assert secret not in log_text, f"{secret} is in the log"
        assert secret not in said, f"{secret} is in an answer"
        assert secret.encode() not in stored, f"{secret} is in the data folder"


def _use_everything(product: Product) -> str:
    """Everything that needs a credential; what was answered."""
    said: list[str] = []
    with product.api() as api:
        person = {"email": "a@example.com", "phone": "+49301234567", "email_opt_in": True, "sms_opt_in": True}
        api.post("/api/customers", json=person).raise_for_status()
        rule = {"combinator": "and", "rules": [{"field": "email", "operator": "notNull"}]}
        segment = api.post("/api/segments", json={"name": "All", "rule": rule}).raise_for_status().json()["id"]
        said.append(api.post("/api/segments/suggest", json={"prompt": "people in Lyon"}).text)
        for channel in ("email", "sms", "webhook"):
            id = campaign(api, channel, segment)
            if channel != "webhook":
                until_waiting(api, id)
            said += [api.get(f"/api/campaigns/{id}").text, api.get(f"/api/campaigns/{id}/deliveries").text]
        for path in ("/api/me", "/api/audit", "/api/ai-calls", "/metrics", "/readyz", "/api/openapi.json"):
            said.append(api.get(path).text)
    with httpx.Client(base_url=product.url, timeout=30) as stranger:
        for password in ("wrong", SECRETS["mail"]):
            said.append(stranger.post("/api/auth/token", data={"username": OWNER, "password": password}).text)
        stranger.post("/forgot", data={"email": OWNER}, headers={"Origin": product.url})
        said.append(stranger.get("/signin/oidc").text)
        said.append(stranger.get("/signin").text)
    return "\n".join(said)


def _stored(folder: Path, backup: Path) -> bytes:
    """All bytes that were kept: the files of the data folder, and every document from the backup."""
    kept = [path.read_bytes() for path in (folder / "data").rglob("*") if path.is_file()]
    with zipfile.ZipFile(backup) as archive:
        kept += [archive.read(name) for name in archive.namelist()]
    return b"\0".join(kept)
