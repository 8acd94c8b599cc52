"""The numbers of customers, by which sets of them are kept as one bit each."""

from __future__ import annotations

from beanie import Document


class RosterBlock(Document):
    """Customers `_id` * 65,536 and following, in the order in which they were first seen; a number is never reused.

    `data` holds their ids, packed by `app.segments.growth.roster`. Nothing but the id is kept of a customer here.
    """

    id: int  # type: ignore[assignment]  # Beanie lets a document choose its key's type
    size: int
    data: bytes

    class Settings:
        name = "customer_roster"
