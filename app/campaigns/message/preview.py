"""A message as a real customer would get it, before anything is sent."""

from __future__ import annotations

from typing import Any

from beanie import PydanticObjectId

from app.auth.permissions import require
from app.campaigns.message.merge_tags import CUSTOMER_FIELDS
from app.campaigns.message.rendering import EXAMPLE_CUSTOMER, Rendered, compile_message
from app.campaigns.message.unsubscribe import link_for
from app.customers.masking import raw_shown_to
from app.database import collection
from app.errors import NotFound
from models.campaign import Channel
from models.member import Member


async def preview_message(
    member: Member,
    subject: str,
    body: str,
    customer_id: PydanticObjectId | str | None = None,
    *,
    channel: Channel | str = Channel.EMAIL,
    preview_text: str = "",
) -> Rendered:
    """The message of this channel filled in for this customer, or an example person for None. Its unsubscribe link
    changes nothing. A channel that carries text alone has no `html`.

    Raises InvalidInput naming `subject`, `preview_text` or `body` with line and tag, and NotFound.
    """
    require(member, "campaigns.read")
    customer: dict[str, Any] | None = None
    if customer_id is not None:
        if PydanticObjectId.is_valid(customer_id):
            known = {"_id": PydanticObjectId(customer_id)}
            customer = await collection("customers").find_one(known, dict(CUSTOMER_FIELDS))
        if customer is None:
            raise NotFound("There is no customer with this id.")
    compiled = compile_message(subject, body, channel=channel, preview_text=preview_text)
    found = raw_shown_to(member, customer) if customer else EXAMPLE_CUSTOMER
    compiled.check(found)
    return compiled.render(found, unsubscribe_url=link_for("preview", None))
