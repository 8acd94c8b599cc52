"""The first campaign, from an empty shop to every message delivered, as a person does it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.conftest import Product, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PEOPLE = 300
IN_LYON = 150
REACHABLE = 120
"""Of the people in Lyon every fifth does not accept email."""


def _customers() -> list[dict[str, object]]:
    return [
        {
            "email": f"person{n}@example.com",
            "first_name": f"Person{n}",
            "last_name": "Sample",
            "city": "Lyon" if n % 2 == 0 else "Pune",
            "email_opt_in": n % 10 != 0,
        }
        for n in range(PEOPLE)
    ]


def _make_segment(page: Page) -> None:
    page.get_by_role("navigation", name="Main").get_by_text("Segments").click()
    page.get_by_role("link", name="New segment").first.click()
    expect(page.locator(".people .t28")).to_have_text(str(PEOPLE))

    page.get_by_label("Describe who you want").fill("people in Lyon")
    page.get_by_label("Describe who you want").press("Enter")
    expect(page.locator(".people .t28")).to_have_text(str(IN_LYON))
    expect(page.get_by_text("Built by rules, no AI configured")).to_be_visible()
    expect(page.locator(".people")).to_contain_text("live in Lyon")
    expect(page.locator(".people .person")).to_have_count(5)

    page.get_by_label("Name", exact=True).fill("Everybody in Lyon")
    page.get_by_role("button", name="Save segment").click()
    expect(page).to_have_url(re.compile(r"/segments/[0-9a-f]{24}$"))
    expect(page.get_by_role("heading", name="Everybody in Lyon")).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value(re.compile("Lyon"))


def _compose(page: Page) -> None:
    page.get_by_role("navigation", name="Main").get_by_text("Campaigns").click()
    page.get_by_role("link", name="New campaign").first.click()
    page.get_by_label("Name", exact=True).fill("A word to Lyon")
    page.get_by_label("Send to").click()
    page.get_by_role("option", name="Everybody in Lyon").click()
    page.keyboard.press("Escape")
    page.get_by_label("Subject", exact=True).fill("Hello {{ customer.first_name }}")
    page.get_by_label("Text", exact=True).fill("Hello {{ customer.first_name }},\n\nthank you for being here.")
    expect(page.frame_locator("iframe").get_by_text(re.compile(r"Hello Person\d+,"))).to_be_visible()
    # Slow enough that both tabs are open on a busy machine while it runs: twelve seconds.
    page.get_by_text("Pace and more").click()
    page.get_by_label("At most", exact=True).fill("10")
    expect(page).to_have_url(re.compile(r"/campaigns/[0-9a-f]{24}/edit$"))
    expect(page.get_by_role("button", name=f"Send to {REACHABLE} people")).to_be_enabled()


def _watch(page: Page) -> None:
    """Remember every percentage the page shows from now on; the memory is lost when the page is loaded again."""
    page.evaluate(
        """() => {
            const place = document.querySelector('.percent');
            window.seen = [place.textContent];
            new MutationObserver(() => window.seen.push(place.textContent))
              .observe(place, {childList: true, characterData: true, subtree: true});
        }"""
    )


def _seen(page: Page) -> list[str]:
    """The different percentages the page has shown since `_watch`, in order."""
    seen: list[str] | None = page.evaluate("() => window.seen")
    assert seen is not None, "the page was loaded again"
    return list(dict.fromkeys(seen))


def _figures(page: Page) -> dict[str, int]:
    """The identity as it stands on the page."""
    figures = page.locator(".identity .figure")
    words = [figure.inner_text().split("\n") for figure in figures.all()]
    return {parts[-1].strip(): int(parts[0].replace(",", "")) for parts in words}


def test_from_an_empty_shop_to_a_campaign_that_everybody_got_once(context: BrowserContext, empty_shop: Product) -> None:
    with empty_shop.api() as api:
        answer = api.post("/api/customers/bulk", json=_customers()).raise_for_status().json()
        assert answer["created"] == PEOPLE
    page = context.new_page()
    sign_in(page, empty_shop)
    _make_segment(page)
    _compose(page)

    page.get_by_role("button", name=f"Send to {REACHABLE} people").click()
    question = page.get_by_role("alertdialog")
    expect(question).to_contain_text("30 of the 150 people are skipped")
    question.get_by_role("button", name=f"Send to {REACHABLE} people").click()
    expect(page).to_have_url(re.compile(r"/campaigns/[0-9a-f]{24}$"))
    expect(page.locator(".percent")).to_be_visible()
    _watch(page)
    other = context.new_page()
    other.goto(page.url)
    expect(other.locator(".percent")).to_be_visible()
    _watch(other)

    for each in (page, other):
        expect(each.locator(".percent")).to_have_text(re.compile(r"^100\s%$"), timeout=60_000)
        expect(each.locator(".acts .chip")).to_have_text("done", timeout=60_000)
        assert len(_seen(each)) > 2, "the percentage should have moved while the page stayed open"
        figures = _figures(each)
        assert figures.pop("audience") == IN_LYON == sum(figures.values())
        assert figures == {"sent": REACHABLE, "failed": 0, "unknown": 0, "skipped": 30, "held out": 0, "pending": 0}

    expected = {f"person{n}@example.com": 1 for n in range(PEOPLE) if n % 2 == 0 and n % 10 != 0}
    assert empty_shop.sink.counts == expected
    _read_the_log(page)


def _read_the_log(page: Page) -> None:
    page.get_by_role("navigation", name="Main").get_by_text("Log").click()
    page.get_by_placeholder("Search name or address").fill("person2@example.com")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Message to Person2 Sample").click()
    expect(page.frame_locator("iframe").get_by_text("Hello Person2,")).to_be_visible()
