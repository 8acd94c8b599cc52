"""What only a browser does: keys, focus, the cursor, and leaving a page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.conftest import Product, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.journey]


@pytest.fixture
def page(context: BrowserContext, product: Product) -> Page:
    """The owner of a shop with ten customers in Oslo and ten in Bergen."""
    people = [
        {"email": f"p{n}@example.com", "first_name": f"P{n}", "city": "Oslo" if n < 10 else "Bergen"} for n in range(20)
    ]
    with product.api() as api:
        api.post("/api/customers/bulk", json=people).raise_for_status()
    page = context.new_page()
    sign_in(page, product)
    return page


def _count(page: Page, count: int) -> None:
    expect(page.locator(".people .t28")).to_have_text(str(count))


def test_a_rule_by_keyboard_and_nothing_lost_on_leaving(page: Page, product: Product) -> None:
    page.goto(f"{product.url}/segments/new")
    _count(page, 20)
    page.get_by_role("button", name="Add condition").click()
    page.get_by_placeholder("Search fields").fill("town")
    page.get_by_placeholder("Search fields").press("Enter")

    city = page.get_by_label("City", exact=True)
    city.press_sequentially("osl")
    city.press("Enter")
    _count(page, 10)
    city.press_sequentially("berg")
    page.get_by_role("heading", name="New segment").click()
    expect(page.locator(".cond .q-chip")).to_have_text([re.compile("Oslo"), re.compile("Bergen")])
    _count(page, 20)

    asked: list[str] = []

    def stay(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]  # Playwright's Dialog
        dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", stay)
    page.get_by_role("navigation", name="Main").get_by_text("Customers").click()
    expect(page).to_have_url(f"{product.url}/segments/new")
    assert asked == ["beforeunload"]
    page.get_by_label("Name", exact=True).fill("Two cities")
    page.get_by_role("button", name="Save segment").click()
    expect(page).to_have_url(re.compile(r"/segments/[0-9a-f]{24}$"))
    page.get_by_role("navigation", name="Main").get_by_text("Customers").click()
    expect(page).to_have_url(f"{product.url}/customers")
    assert asked == ["beforeunload"], "what is saved may be left"


def test_a_merge_tag_goes_to_the_cursor_of_the_field_that_had_it(page: Page, product: Product) -> None:
    page.goto(f"{product.url}/campaigns/new")
    text, subject = page.get_by_label("Text", exact=True), page.get_by_label("Subject", exact=True)
    text.fill("Dear , hello")
    text.press("Home")
    for _ in range(5):
        text.press("ArrowRight")
    page.get_by_role("button", name="First name").click()
    expect(text).to_have_value("Dear {{ customer.first_name | default: 'there' }}, hello")
    subject.fill("News from ")
    page.get_by_role("button", name="City", exact=True).click()
    expect(subject).to_have_value("News from {{ customer.city }}")
    expect(page.locator(".message-subject")).to_contain_text(re.compile("News from (Oslo|Bergen|London)"))
