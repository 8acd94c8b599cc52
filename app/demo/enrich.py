"""What the source does not tell, made up for the sample: always the same for the same customer."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.demo.music import CATEGORY_OF, TITLES, WEIGHTS
from app.demo.names import MEN, WOMEN
from app.demo.places import PLACES, REAL_SHARE

CENT = Decimal("0.01")
SOURCES = {"instagram": 26, "google": 24, "friend": 18, "record fair": 10, "podcast": 12, "store": 10}


@dataclass
class Purchase:
    """One order; `items` are (title, pieces, price of one)."""

    number: str
    placed_at: datetime
    quantity: int
    amount: Decimal
    status: str = "completed"
    channel: str = "online"
    coupon: str = ""
    items: list[tuple[str, int, Decimal]] = field(default_factory=list)

    @property
    def counted(self) -> bool:
        """Whether it counts towards what the customer has spent."""
        return self.status in ("paid", "completed")


@dataclass
class Person:
    """One customer with all orders, oldest first. `facts` are the columns of the source."""

    facts: dict[str, str]
    signed_up_at: datetime
    purchases: list[Purchase]
    extra: dict[str, str] = field(default_factory=dict)


def enrich(person: Person, end: date) -> None:
    """Fill in a person and the orders, in place. `end` is the last day of the sample."""
    dice = random.Random(f"person {person.facts['customer_id']}")
    taste = _taste(dice)
    for index, purchase in enumerate(person.purchases):
        _enrich_purchase(dice, purchase, taste, first=index == 0, end=end)
    person.extra = {
        **_profile(dice, person.facts, end),
        "tags": ";".join(_tags(person)),
        "attributes.favourite_genre": _favourite(person) or taste[0],
        "attributes.loyalty_points": str(int(_spent(person))),
        "attributes.loyalty_card": "yes" if dice.random() < 0.4 else "no",
    }


def _profile(dice: random.Random, facts: dict[str, str], end: date) -> dict[str, str]:
    name = facts["first_name"]
    birthday = end - timedelta(days=dice.randint(19 * 365, 74 * 365))
    local = [place for place in PLACES if place.country == facts["country"]]
    real = dice.choices(local, [place.weight for place in local])[0] if local and dice.random() < REAL_SHARE else None
    return {
        "city": real.city if real else facts["city"],
        "region": real.region if real else "",
        "gender": "female" if name in WOMEN else "male" if name in MEN else "",
        "birthday": birthday.isoformat() if dice.random() < 0.78 else "",
        "source": dice.choices(list(SOURCES), list(SOURCES.values()))[0],
        "sms_opt_in": "yes" if facts["phone"] and dice.random() < 0.38 else "no",
    }


def _taste(dice: random.Random) -> Sequence[str]:
    """The customer's favourite category, then one more."""
    return [dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0] for _ in range(2)]


def _tags(person: Person) -> list[str]:
    """The source's tags, with `vip` for who spent much, which the source does not mark."""
    tags = [tag for tag in person.facts["tags"].split("|") if tag and tag != "vip-lounge"]
    return (["vip"] if _spent(person) >= 300 else []) + tags


def _favourite(person: Person) -> str | None:
    pieces: Counter[str] = Counter()
    for purchase in person.purchases:
        for title, count, _ in purchase.items:
            pieces[CATEGORY_OF[title]] += count
    return max(sorted(pieces), key=lambda category: pieces[category]) if pieces else None


def _spent(person: Person) -> Decimal:
    return sum((purchase.amount for purchase in person.purchases if purchase.counted), Decimal(0))


def _enrich_purchase(dice: random.Random, purchase: Purchase, taste: Sequence[str], *, first: bool, end: date) -> None:
    purchase.channel = "store" if dice.random() < 0.16 else "online"
    purchase.placed_at = purchase.placed_at.replace(hour=dice.randint(9, 20), minute=dice.randint(0, 59))
    purchase.coupon = _coupon(dice, first=first)
    purchase.items = _items(dice, purchase, taste)
    age = (end - purchase.placed_at.date()).days
    fate = dice.random()
    if age <= 2:
        purchase.status = "pending" if fate < 0.35 else "paid"
    elif fate < 0.025:
        purchase.status = "refunded"
    elif fate < 0.05:
        purchase.status = "cancelled"


def _coupon(dice: random.Random, *, first: bool) -> str:
    chance = dice.random()
    if first and chance < 0.2:
        return "WELCOME"
    return "FRIENDS" if chance < 0.04 else ""


def _items(dice: random.Random, purchase: Purchase, taste: Sequence[str]) -> list[tuple[str, int, Decimal]]:
    """Lines whose pieces and prices add up to the order exactly: the last line is one piece at what is left."""
    pieces = max(purchase.quantity, 1)
    lines = min(pieces, dice.choices((1, 2, 3), (5, 3, 2))[0])
    titles = dice.sample(_shelf(dice, taste), lines)
    average = (purchase.amount / pieces).quantize(CENT, rounding="ROUND_DOWN")
    counts = [1] * lines
    for _ in range(pieces - lines):
        counts[dice.randrange(lines - 1) if lines > 1 else 0] += 1
    if lines == 1 and average * pieces != purchase.amount:
        titles, counts = [titles[0], _other(dice, titles[0], taste)], [pieces - 1, 1]
    items = [(title, count, average) for title, count in zip(titles[:-1], counts[:-1], strict=True)]
    left = purchase.amount - sum((count * price for _, count, price in items), Decimal(0))
    return [*items, (titles[-1], counts[-1], (left / counts[-1]).quantize(CENT))]


def _shelf(dice: random.Random, taste: Sequence[str]) -> list[str]:
    """Titles of the favourite category mostly, of the second at times, and of any other now and then."""
    category = dice.choices((taste[0], taste[1], dice.choice(list(TITLES))), (62, 23, 15))[0]
    return list(TITLES[category])


def _other(dice: random.Random, title: str, taste: Sequence[str]) -> str:
    return dice.choice([other for other in TITLES[taste[0]] if other != title])
