"""Building a segment by keyboard and by hand: the focus stays, everything can be undone, nothing unsaved is lost."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.conftest import Product, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.journey]

RULE = {
    "combinator": "and",
    "rules": [
        {"field": "city", "operator": "in", "value": ["Oslo"]},
        {"combinator": "or", "rules": [{"field": "age", "operator": "<", "value": 60}]},
        {"field": "total_spent", "operator": "<", "value": 1000},
    ],
}


@pytest.fixture
def page(context: BrowserContext, product: Product) -> Page:
    """The owner of a shop with customers in Oslo and Bergen, at the page of a saved segment."""
    people = [
        {"email": f"p{n}@example.com", "city": "Oslo" if n < 10 else "Bergen", "birthday": "1990-01-01"}
        for n in range(16)
    ]
    with product.api() as api:
        api.post("/api/customers/bulk", json=people).raise_for_status()
        made = api.post("/api/segments", json={"name": f"Keys {uuid4().hex}", "rule": RULE}).raise_for_status().json()
    page = context.new_page()
    sign_in(page, product)
    page.goto(f"{product.url}/segments/{made['id']}")
    _count(page, 10)
    return page


def _count(page: Page, count: int) -> None:
    expect(page.locator(".people .t28")).to_have_text(str(count))


def _fields(page: Page) -> list[str]:
    """The fields of the rule, in order, each with how deep it is nested."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('.cond')].map((row) => {
            let depth = 0;
            for (let at = row.parentElement; at; at = at.parentElement) depth += at.matches('.grp');
            return depth + ' ' + row.querySelector('.cond-field .t').textContent;
        })"""
    )
    return found


def _focused(page: Page) -> str | None:
    """The field of the condition that has the focus."""
    found: str | None = page.evaluate(
        "() => document.activeElement.closest('.cond')?.querySelector('.cond-field .t').textContent"
    )
    return found


def _becomes(page: Page, *fields: str) -> None:
    page.wait_for_function(
        """(wanted) => JSON.stringify([...document.querySelectorAll('.cond .cond-field .t')].map((t) => t.textContent))
            === wanted""",
        arg=json.dumps(fields, separators=(",", ":")),
    )


def test_keys_move_conditions_and_the_focus_goes_along(page: Page) -> None:
    page.get_by_role("button", name="Field: City").focus()
    page.keyboard.press("Alt+ArrowDown")
    page.wait_for_function("() => document.querySelectorAll('.grp .grp .cond').length === 2")
    assert _fields(page) == ["2 City", "2 Age", "1 Total spent"]
    page.wait_for_function("() => document.activeElement.closest('.cond')")
    assert _focused(page) == "City"
    page.keyboard.press("Control+d")
    _becomes(page, "City", "City", "Age", "Total spent")
    page.wait_for_function("() => document.activeElement.closest('.cond') === document.querySelectorAll('.cond')[1]")
    page.keyboard.press("Alt+Delete")
    _becomes(page, "City", "Age", "Total spent")
    page.wait_for_function("() => document.activeElement.closest('.cond')")
    for _ in range(3):
        page.keyboard.press("Control+z")
    page.wait_for_function("() => document.querySelectorAll('.grp .grp .cond').length === 1")
    assert _fields(page) == ["1 City", "2 Age", "1 Total spent"]
    _count(page, 10)


def test_unsaved_work_is_offered_back(page: Page) -> None:
    page.get_by_role("button", name="Remove condition").first.click()
    _becomes(page, "Age", "Total spent")
    expect(page.get_by_text("kept as your draft")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    _becomes(page, "City", "Age", "Total spent")
    page.get_by_role("button", name="Restore").click()
    _becomes(page, "Age", "Total spent")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Segment saved")).to_be_visible()
    page.reload()
    _becomes(page, "Age", "Total spent")
    expect(page.get_by_role("button", name="Restore")).to_have_count(0)
