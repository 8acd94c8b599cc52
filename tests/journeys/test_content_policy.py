"""Every page runs under its policy in a real browser: nothing is refused, and nothing is asked of another host."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Response, Route, expect

from tests.journeys.conftest import Product, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.journey]

REPORT = """addEventListener('securitypolicyviolation', (event) => {
  const where = `${event.sourceFile}:${event.lineNumber}`;
  console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI} at ${where}`);
});"""
SCRIPT = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"


class Watched:
    """A browser whose complaints and requests are written down."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.host = urlsplit(url).netloc
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        self.policies: dict[str, str] = {}
        context.add_init_script(REPORT)
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("console", lambda line: self._said(line.text))
        self.page: Page = context.new_page()

    def _said(self, text: str) -> None:
        if "policy" in text.lower():
            self.complaints.append(text)

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc != self.host:
            self.elsewhere.append(request.url)

    def _answered(self, response: Response) -> None:
        if response.request.resource_type == "document":
            policy = response.headers.get("content-security-policy", "")
            self.policies[urlsplit(response.url).path] = policy


@pytest.fixture
def watched(context: BrowserContext, product: Product) -> Watched:
    return Watched(context, product.url)


@pytest.fixture(scope="module")
def shop(product: Product) -> list[str]:
    """A shop whose every field holds markup; the addresses of all its pages."""
    with product.api() as api:

        def made(path: str, body: dict[str, object]) -> str:
            return str(api.post(f"/api/{path}", json=body).raise_for_status().json()["id"])

        customer = made(
            "customers",
            {"email": "eve@example.com", "first_name": SCRIPT[:80], "city": "<b>Lyon</b>", "email_opt_in": True,
             "tags": ["<i>x"], "attributes": {"colour": SCRIPT}},
        )  # fmt: skip
        made("orders", {"customer_id": customer, "number": "<b>1", "amount": "12.50", "currency": "USD"})
        rule = {"combinator": "and", "rules": [{"field": "city", "operator": "=", "value": "<b>Lyon</b>"}]}
        segments = [made("segments", {"name": f"{SCRIPT} {n}", "rule": rule, "description": SCRIPT}) for n in (1, 2)]
        body = f"<p>Hello {{{{ customer.first_name }}}}</p>{SCRIPT}<form action=/><input></form>"
        campaign = made(
            "campaigns",
            {"name": SCRIPT, "channel": "outbox", "subject": "Hi {{ customer.city }}", "body": body,
             "segment_ids": segments[:1]},
        )  # fmt: skip
        api.post(f"/api/campaigns/{campaign}/send").raise_for_status()
        deadline = time.monotonic() + 60
        while api.get(f"/api/campaigns/{campaign}").json()["state"] != "done":
            assert time.monotonic() < deadline, "the campaign was not sent in time"
            time.sleep(0.1)
        draft = made(
            "campaigns",
            {"name": "Draft", "channel": "email", "subject": "x", "body": body, "segment_ids": segments[:1]},
        )
        delivery = api.get(f"/api/campaigns/{campaign}/deliveries").json()["items"][0]["id"]
    return [
        *("/", "/customers", f"/customers/{customer}", "/orders", "/imports", "/segments", "/segments/new"),
        *(f"/segments/{segments[0]}", f"/segments/{segments[0]}/history", f"/segments/{segments[0]}/growth"),
        *(f"/segments/{segments[0]}/people", "/segments/suggested"),
        f"/segments/overlap?ids={','.join(segments)}",
        *("/campaigns", "/campaigns/new", f"/campaigns/{draft}/edit", f"/campaigns/{campaign}"),
        *("/log", f"/log/{delivery}", "/outbox", "/ai-log", "/settings", "/settings/keys", "/settings/team"),
        *("/settings/audit", "/nowhere"),
    ]


def test_every_page_keeps_to_its_policy(watched: Watched, product: Product, shop: list[str]):
    page = watched.page
    sign_in(page, product)
    for path in shop:
        page.goto(product.url + path)
        expect(page.locator("h1, h2").first).to_be_visible()
        page.wait_for_function("window.socket?.connected || !document.querySelector('#app')")
        expect(page.locator(".skel")).to_have_count(0)
        assert page.title() != "run", path
        assert "'unsafe-inline'" not in watched.policies[path.partition("?")[0]].partition("style-src")[0], path
    assert watched.complaints == []
    assert watched.elsewhere == []


def test_what_moves_on_a_page_keeps_to_it_too(watched: Watched, product: Product, shop: list[str]):
    page = watched.page
    sign_in(page, product)
    page.wait_for_function("window.socket?.connected")
    page.keyboard.press("Control+k")
    expect(page.locator(".palette")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto(product.url + shop[6])
    page.get_by_label("Describe who you want").fill("people in Lyon")
    page.get_by_label("Describe who you want").press("Enter")
    expect(page.get_by_text("Built by rules, no AI configured")).to_be_visible()
    page.goto(product.url + next(path for path in shop if path.endswith("/edit")))
    expect(page.frame_locator("iframe").get_by_text("Hello")).to_be_visible()
    assert page.title() != "run"
    # Its own script and form, which the message's frame refuses, and nothing else.
    assert [text for text in watched.complaints if "script-src" not in text and "sandbox" not in text] == []
    assert watched.elsewhere == []


def test_pages_without_a_socket_run_nothing_inline(watched: Watched, product: Product):
    page = watched.page
    for path in ("/signin", "/signin-code", "/forgot", "/join?token=x", "/welcome?token=x", "/u/x"):
        page.goto(product.url + path)
        expect(page.locator("h1")).to_be_visible()
        policy = watched.policies[path.partition("?")[0]]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'")
    page.goto(f"{product.url}/api/docs")
    expect(page.get_by_text("Customers, orders, segments and campaigns of one shop.")).to_be_visible()
    assert "'unsafe-eval'" not in watched.policies["/api/docs"]
    assert watched.complaints == []
    assert watched.elsewhere == []


@pytest.mark.parametrize("source", ["'unsafe-eval'", "'nonce-", "'unsafe-inline'", "connect-src 'self'", "data:"])
def test_nothing_in_the_policy_could_be_left_out(watched: Watched, product: Product, source: str):
    page = watched.page
    sign_in(page, product)

    def stricter(route: Route) -> None:
        answer = route.fetch()
        policy = answer.headers["content-security-policy"].replace(source, "")
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": policy})

    page.route(f"{product.url}/customers", stricter)
    with page.expect_console_message(lambda line: "policy" in line.text.lower()):
        page.goto(f"{product.url}/customers", wait_until="commit")
