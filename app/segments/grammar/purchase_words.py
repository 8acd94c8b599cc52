"""The words for buying."""

from __future__ import annotations

VERBS = (
    "bought", "buy", "buying", "purchased", "purchase", "purchasing", "ordered", "order", "ordering", "shopped",
    "shop", "shopping", "shopped with us", "bought from us", "ordered from us", "purchased from us", "shop with us",
    "made purchases", "placed orders",
)  # fmt: skip
NOUNS = {"order": 1, "purchase": 1, "transaction": 1, "orders": 2, "purchases": 2, "transactions": 2}
"""Nouns with their grammatical number."""
PLACED = ("placed", "place", "made", "make", "placing", "making", "had", "have", "having", "with", "done", "has")
SPENT = (
    "spent", "spend", "spending", "spends", "have spent", "total spend", "total spent", "total spending",
    "total spend is", "total spent is", "total spend of", "lifetime spend", "lifetime spend is", "lifetime value",
    "lifetime value is", "lifetime value of", "lifetime spend of", "ltv", "total revenue", "spent a total of",
    "spent in total", "whose total spend is", "whose lifetime value is", "spent on orders", "total amount spent",
)  # fmt: skip
TOTALLY = (
    "in total", "overall", "altogether", "total", "lifetime", "with us", "in their lifetime", "all time", "so far",
    "to date", "in all",
)  # fmt: skip
OF_GOODS = (
    "of", "in", "on", "from", "for", "any", "some", "from the", "in the", "of the", "in category", "from category",
    "from the category", "in the category", "in our", "from our", "of any", "something from", "something in",
    "containing", "including", "the category", "category",
)  # fmt: skip
ELAPSED = (
    "for", "in", "for at least", "for over", "for more than", "in over", "in more than", "in at least", "for the last",
    "in the last", "over",
)  # fmt: skip
_BUYERS = ("buyers", "buyer", "customers", "customer", "shoppers", "purchasers")
_ONCE = ("one time", "single order", "single purchase", "one off", "onetime", "1 time", "first time")
_AGAIN = ("repeat", "repeated", "multi order")
ONE_TIME = {f"{kind} {noun}": ("=", 1) for kind in _ONCE for noun in _BUYERS} | {
    f"{kind} {noun}": (">=", 2) for kind in _AGAIN for noun in _BUYERS
}
"""Kinds of buyers, with what they mean for the number of orders."""
_AVERAGE = (
    "average order value", "average order", "avg order", "avg order value", "aov", "average basket",
    "average basket value", "average order amount", "average order size", "average spend per order",
    "average purchase", "average purchase value",
)  # fmt: skip
_LARGEST = ("largest", "biggest", "highest", "most expensive", "maximum", "largest single")
_COUNTED = (
    "number of orders", "order count", "orders count", "number of purchases", "total orders", "count of orders",
    "total number of orders",
)  # fmt: skip
MEASURES = (
    dict.fromkeys(_AVERAGE, "avg")
    | {f"{kind} {noun}": "max" for kind in _LARGEST for noun in ("order", "purchase", "order value", "order amount")}
    | dict.fromkeys(_COUNTED, "count")
)
SIGNS = ("<", ">", "=", "≥", "≤")
"""After "orders" a sign compares their number, as in a table; a word leaves open what it compares."""
TIMES = {"once": 1, "twice": 2, "thrice": 3}
