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
    "to date", "in all", "ever",
)  # fmt: skip
ON_AVERAGE = tuple(
    phrase
    for noun in ("order", "purchase", "transaction")
    for phrase in (
        f"per {noun} on average",
        f"on average per {noun}",
        f"an {noun} on average",
        f"a {noun} on average",
        f"on average each {noun}",
        f"average per {noun}",
        f"on an average per {noun}",
    )
)
"""After an amount: what one order comes to on average."""
_TOTALS = (
    "total spend", "total spent", "total spending", "lifetime spend", "lifetime value", "lifetime spending", "ltv",
    "total revenue", "spend in total", "spent in total", "all time spend",
)  # fmt: skip
AFTER_AMOUNT = (
    *(f"{before}{noun}" for before in ("", "in ", "of ", "as ") for noun in _TOTALS),
    "spent", "spend", "total spend with us", "worth of orders", "worth of purchases", "lifetime",
)  # fmt: skip
"""After an amount: "1.5 lakh total spend", "10k+ lifetime value"."""
NOTHING = (
    "nothing", "anything", "any money", "no money", "zero rupees", "anything with us", "a rupee", "nothing with us",
    "a single rupee", "a penny",
)  # fmt: skip
_ONE = ("one", "a single", "just one", "any one", "a", "an", "any single", "one single")
_SINGLE = ("order", "purchase", "transaction", "basket", "bill", "shopping trip", "visit", "checkout")
IN_ONE_ORDER = (
    *(f"{way} {one} {noun}" for way in ("in", "on", "with", "for") for one in _ONE for noun in _SINGLE),
    "in one go", "in a single go", "at once", "in one shot",
)  # fmt: skip
OF_GOODS = (
    "of", "in", "on", "from", "for", "any", "some", "a", "an", "the", "our", "from the", "in the", "of the",
    "in category", "from category",
    "from the category", "in the category", "in our", "from our", "of any", "something from", "something in",
    "containing", "including", "the category", "category",
)  # fmt: skip
COUPONS = (
    "coupon", "coupons", "coupon code", "coupon codes", "voucher", "vouchers", "voucher code", "promo code",
    "promo codes", "discount code", "discount codes", "code", "discount coupon", "promo", "promotion code",
)  # fmt: skip
REDEEMED = ("used", "redeemed", "applied", "use", "redeem", "apply")
USING = (
    "with", "using", "with the", "using the", "with a", "using a", "with our", "with any", "using any", "by using",
    "with code", "via",
)  # fmt: skip
BEFORE_NOW = ("before", "previously", "in the past", "earlier", "before that")
BUT_BEFORE = tuple(
    f"{but} {have}{bought} {when}"
    for but in ("but", "and", ", but", ", and")
    for have in ("", "have ", "had ", "did ", "has ", "who have ", "who ")
    for bought in ("bought", "ordered", "purchased", "shopped", "buy", "order", "did")
    for when in ("before", "before that", "previously", "earlier", "in the past", "before then")
)
"""After a time without orders: who never ordered is out."""
NOT_AGAIN = tuple(
    f"{but} {no}" for but in ("but", ", but", "and", ", and", ",") for no in ("not", "nothing", "not again", "never")
)
NOT_AGAIN_ENDS = ("not", "nothing", "again", "never")
EVER = ("yet", "ever", "at all", "whatsoever", "so far", "till now", "until now", "till date", "to date")
"""After a denial that holds for all time."""
NEVER_AGAIN = tuple(
    f"{but} {never}"
    for but in ("but", "and", ", but", ", and", ",", "then")
    for never in (
        "never again",
        "not again",
        "never since",
        "not since",
        "never came back",
        "did not come back",
        "never returned",
        "nothing since",
        "no more",
        "never after that",
        "not after that",
    )
)
"""After a count: it stayed at that."""
ELAPSED = (
    "for", "in", "for at least", "for over", "for more than", "in over", "in more than", "in at least", "for the last",
    "in the last", "over",
)  # fmt: skip
_BUYERS = ("buyers", "buyer", "customers", "customer", "shoppers", "purchasers")
_ONCE = ("one time", "single order", "single purchase", "one off", "onetime", "1 time", "first time", "single time")
_AGAIN = ("repeat", "repeated", "multi order", "returning", "multiple order", "repeat order", "repeat purchase")
_NEVER = ("non", "never", "zero order", "no order")
ONE_TIME = {f"{kind} {noun}": ("=", 1) for kind in _ONCE for noun in _BUYERS} | {
    f"{kind} {noun}": (">=", 2) for kind in _AGAIN for noun in _BUYERS
}
"""Kinds of buyers, with what they mean for the number of orders."""
NON_BUYERS = (
    *(f"{kind} {noun}" for kind in _NEVER for noun in ("buyers", "buyer", "purchasers", "shoppers")),
    "zero order customers", "nonbuyers",
)  # fmt: skip
YET_TO_BUY = tuple(
    f"yet to {deed}"
    for deed in ("order", "buy", "purchase", "buy anything", "place an order", "make a purchase", "order anything",
                 "place their first order", "make their first purchase", "place a first order", "place any order")
)  # fmt: skip
AGAIN = tuple(
    f"{verb} {again}"
    for verb in ("ordered", "bought", "purchased", "shopped", "ordered from us", "bought from us", "shopped with us")
    for again in ("again", "a second time")
)
TRADE = ("buyers", "buyer", "shoppers", "shopper", "purchasers", "purchaser")
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
