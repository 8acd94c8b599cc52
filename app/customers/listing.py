"""Customers by search and sort: pages by cursor for the API, by offset for tables."""

from __future__ import annotations

import re
from typing import Any

from pymongo import ASCENDING, DESCENDING

from app.auth.permissions import require
from app.customers.masking import sees_contact, shown_to
from app.database import collection
from app.errors import InvalidInput
from app.paging import check_limit, cursor_after, pick_sort, rows_after, sorts
from models.customer import Customer
from models.member import Member
from models.values import fold

MAX_SEARCH = 200
MOST_COUNTED = 10_000
"""A search is counted up to here: nobody turns that many pages, and counting on costs more than the page."""

MOST_SKIPPED = 100_000

_PHONE = re.compile(r"[+(]?[0-9][0-9 ()./+-]*", re.ASCII)

SORTS = sorts(
    {
        "signed_up_at": [("signed_up_at", ASCENDING), ("_id", DESCENDING)],
        "name": [("folded.name", ASCENDING), ("_id", ASCENDING)],
        "total_spent": [
            ("total_spent", ASCENDING),
            ("last_order_at", DESCENDING),
            ("order_count", DESCENDING),
            ("_id", DESCENDING),
        ],
        "order_count": [("order_count", ASCENDING), ("_id", DESCENDING)],
        "last_order_at": [("last_order_at", ASCENDING), ("_id", DESCENDING)],
    }
)
"""What customers can be sorted by, a leading `-` for the reverse. Each is the order of an index, or its reverse."""

DEFAULT_SORT = "-signed_up_at"


async def list_customers(
    member: Member, *, search: str = "", sort: str = DEFAULT_SORT, limit: int = 50, cursor: str | None = None
) -> tuple[list[Customer], str | None]:
    """One page of 1 to 200 customers and the cursor of the next, None on the last. Raises InvalidInput."""
    require(member, "customers.read")
    order = pick_sort(SORTS, sort)
    query = search_filter(member, search)
    if cursor:
        query = {"$and": [query, rows_after(cursor, order)]}
    found = collection("customers").find(query).sort(list(order.keys)).limit(check_limit(limit) + 1)
    rows = await found.to_list()
    following = cursor_after(rows[limit - 1], order) if len(rows) > limit else None
    return [shown_to(member, Customer.model_validate(row)) for row in rows[:limit]], following


async def page_of_customers(
    member: Member, *, search: str = "", sort: str = DEFAULT_SORT, offset: int = 0, limit: int = 50
) -> tuple[list[Customer], int]:
    """The customers from `offset` on, and how many there are: exact while searching up to 10,000, else estimated."""
    require(member, "customers.read")
    order = pick_sort(SORTS, sort)
    query = search_filter(member, search)
    found = collection("customers").find(query).sort(list(order.keys))
    rows = await found.skip(min(max(0, offset), MOST_SKIPPED)).limit(check_limit(limit)).to_list()
    found_here = [shown_to(member, Customer.model_validate(row)) for row in rows]
    return found_here, await count_customers(member, search=search)


async def count_customers(member: Member, *, search: str = "") -> int:
    """How many customers a search finds, 10,000 at most; without a search all, from the collection's own count."""
    require(member, "customers.read")
    query = search_filter(member, search)
    if not query:
        return await collection("customers").estimated_document_count()
    return await collection("customers").count_documents(query, limit=MOST_COUNTED)


def search_filter(member: Member, search: str) -> dict[str, Any]:
    """Customers for whom every word begins a word of the name or email, the phone's digits or the shop's id.

    For members who do not see addresses and numbers these are not looked at: a search that did would read them out
    letter by letter.
    """
    if len(search) > MAX_SEARCH:
        raise InvalidInput.of("search", f"should have {MAX_SEARCH} characters at most")
    try:
        search.encode()
    except UnicodeEncodeError as problem:
        raise InvalidInput.of("search", "holds half of a surrogate pair, which is not a character") from problem
    if sees_contact(member):
        conditions = [{"search": {"$regex": f"^{re.escape(word)}"}} for word in _words(search)]
    else:
        conditions = [_by_name_or_id(word) for word in dict.fromkeys(fold(search.replace("\0", " ")).split()[:10])]
    if not conditions:
        return {}
    return conditions[0] if len(conditions) == 1 else {"$and": conditions}


def _by_name_or_id(word: str) -> dict[str, Any]:
    """The index finds whom the word may be about; then name and id alone decide."""
    begin = re.escape(word)
    shown = [{"folded.name": {"$regex": f"(^|\\s){begin}"}}, {"external_id": {"$regex": f"^{begin}", "$options": "i"}}]
    return {"search": {"$regex": f"^{begin}"}, "$or": shown}


def _words(search: str) -> list[str]:
    """The words, folded as the search terms are; a phone number, kept as digits, is one word however spaced."""
    text = fold(search.replace("\0", " "))
    if _PHONE.fullmatch(text):
        return [digits] if (digits := re.sub(r"\D", "", text)) else []
    return list(dict.fromkeys(text.split()))[:10]
