"""The whole product as child processes, and a real browser to use it with."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.fakes.smtp import SmtpSink

OWNER = "mira@example.com"
PASSWORD = "a long enough passphrase"
START_SECONDS = 120
STOP_SECONDS = 40
PATIENCE_MS = 30_000
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Product:
    """A running Cohort: where it is, and the mail server its campaigns go to."""

    url: str
    sink: SmtpSink

    def api(self) -> httpx.Client:
        """A client of the REST API, signed in as the owner."""
        answer = httpx.post(
            f"{self.url}/api/auth/token", data={"username": OWNER, "password": PASSWORD}, timeout=20
        ).raise_for_status()
        token = answer.json()["access_token"]
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            # The owner is made right after the database answers.
            ready = httpx.get(f"{url}/readyz", timeout=2).status_code == 200
            if ready and "created the first owner" in log.read_text(errors="replace"):
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    pytest.fail(f"cohort run did not become ready:\n{log.read_text(errors='replace')[-4000:]}")


@contextmanager
def cohort_run(folder: Path, **environment: str) -> Iterator[tuple[str, Path]]:
    """`cohort run` on an empty data folder with servers of its own: its address and its log."""
    port = _free_port()
    log = folder / "cohort.log"
    named = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GEMINI_", "OPENAI_"))},
        "DATA_DIR": str(folder / "data"),
        "PORT": str(port),
        "OWNER_EMAIL": OWNER,
        "OWNER_PASSWORD": PASSWORD,
        "MAIL_FROM": "Corner Shop <shop@example.com>",
        "MONGODB_URL": "",
        "REDIS_URL": "",
        **environment,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "run"], env=named, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(url, process, log)
            yield url, log
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def _product(folder: Path) -> Iterator[Product]:
    """`cohort run` with a mail server on loopback."""
    with SmtpSink() as sink:
        with cohort_run(folder, SMTP_URL=sink.url) as (url, _):
            yield Product(url, sink)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One for the tests of a module: each makes what it needs under names of its own."""
    with _product(tmp_path_factory.mktemp("product")) as product:
        yield product


@pytest.fixture
def empty_shop(tmp_path: Path) -> Iterator[Product]:
    """One that nobody has used yet, also when a test is tried again."""
    with _product(tmp_path) as product:
        yield product


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Headless Chromium. Its absence fails in CI and skips elsewhere."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("there is no chromium on PATH; CI has to install it")
        pytest.skip("there is no chromium on PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(CHROMIUM_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One visitor with an empty cookie jar, who waits as long for what should be there as for what should load."""
    expect.set_options(timeout=PATIENCE_MS)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


def sign_in(page: Page, product: Product) -> None:
    """As the owner, by the form."""
    page.goto(product.url)
    expect(page).to_have_url(re.compile("/signin"))
    page.get_by_label("Email").fill(OWNER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(f"{product.url}/")
