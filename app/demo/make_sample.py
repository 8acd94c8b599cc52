"""Make the sample shop from the two CDNOW files: `python -m app.demo.make_sample CUSTOMERS.csv ORDERS.csv [FOLDER]`.

The orders are those of the CDNOW cohort (23,570 customers who first bought in early 1997, followed to June 1998; Fader
and Hardie, "Forecasting Repeat Sales at CDNOW", Interfaces 31(3), 2001); the contact details in the source are made up.
A customer's orders are kept with their amounts, quantities and the days between them, but most customers are moved
in time as a whole, so that the sample gains customers all the time as a shop does; what would then lie after the
source's last day is cut off. What the source does not tell is made up by `app.demo.enrich`. The same input always gives
the same files.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from app.demo.enrich import Person, Purchase, enrich
from app.demo.sample import END

BUYERS = 2_150
VISITORS = 130
MOST_ORDERS = 40
MOVED_SHARE = 0.85

PROFILE = (
    "customer_id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "city",
    "region",
    "country",
    "gender",
    "birthday",
)
MORE = ("source", "email_opt_in", "sms_opt_in", "tags", "signed_up_at")
ATTRIBUTES = ("attributes.favourite_genre", "attributes.loyalty_points", "attributes.loyalty_card")
CUSTOMER_COLUMNS = (*PROFILE, *MORE, *ATTRIBUTES)
ORDER_COLUMNS = ("order_id", "customer_id", "placed_at", "amount", "status", "channel", "coupon", "items")


def make_sample(customers: Path, orders: Path) -> list[Person]:
    """The people of the sample, in the order of their sign-up."""
    dice = random.Random("cohort sample")
    facts = _read(customers)
    purchases: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _read(orders):
        purchases[row["customer_id"]].append(row)
    usable = [row for row in facts if len(purchases[row["customer_id"]]) <= MOST_ORDERS]
    chosen = dice.sample(usable, BUYERS + VISITORS)
    people = [_buyer(dice, row, purchases[row["customer_id"]]) for row in chosen[:BUYERS]]
    people += [_visitor(dice, row) for row in chosen[BUYERS:]]
    for person in people:
        enrich(person, END)
    return sorted(people, key=lambda person: (person.signed_up_at, person.facts["customer_id"]))


def _buyer(dice: random.Random, facts: dict[str, str], rows: Sequence[dict[str, str]]) -> Person:
    days = [date.fromisoformat(row["placed_at"]) for row in rows]
    latest = (END - days[0]).days
    shift = timedelta(days=dice.randint(0, latest) if dice.random() < MOVED_SHARE else 0)
    signed_up = date.fromisoformat(facts["signed_up_at"]) + shift
    purchases = [
        Purchase(row["order_id"], _at(day + shift, 12), int(row["quantity"]), Decimal(row["amount"]))
        for row, day in zip(rows, days, strict=True)
        if day + shift <= END
    ]
    return Person(facts, _at(min(signed_up, purchases[0].placed_at.date()), dice.randint(6, 8)), purchases)


def _visitor(dice: random.Random, facts: dict[str, str]) -> Person:
    """Somebody who signed up, more likely lately, and has not bought."""
    back = int(dice.random() ** 2 * 300)
    return Person(facts, _at(END - timedelta(days=back), dice.randint(8, 20)), [])


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def customer_rows(people: Iterable[Person]) -> Iterable[list[str]]:
    """The lines of the customers' file."""
    for person in people:
        row = {
            **person.facts,
            "email_opt_in": person.facts["accepts_marketing"],
            "signed_up_at": person.signed_up_at.isoformat(" ", "minutes"),
            **person.extra,
        }
        yield [row[column] for column in CUSTOMER_COLUMNS]


def order_rows(people: Iterable[Person]) -> Iterable[list[str]]:
    """The lines of the orders' file."""
    for person in people:
        for order in person.purchases:
            items = ";".join(f"{title}|{count}|{price}" for title, count, price in order.items)
            placed_at = order.placed_at.isoformat(" ", "minutes")
            known = (order.number, person.facts["customer_id"], placed_at, str(order.amount))
            yield [*known, order.status, order.channel, order.coupon, items]


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a gzipped CSV that is byte for byte the same for the same rows."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    path.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))


def main(arguments: Sequence[str]) -> None:
    """Write customers.csv.gz and orders.csv.gz."""
    customers, orders, *rest = map(Path, arguments)
    folder = rest[0] if rest else Path(__file__).parent
    people = make_sample(customers, orders)
    write(folder / "customers.csv.gz", CUSTOMER_COLUMNS, customer_rows(people))
    write(folder / "orders.csv.gz", ORDER_COLUMNS, order_rows(people))


if __name__ == "__main__":
    main(sys.argv[1:])
