"""`/api/receipts`: what vendors report of messages they took, signed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, Field

from app.api.origin import require_own_origin
from app.api.routes import PROBLEMS, OpenRoute
from app.auth.permissions import require
from app.auth.session import credential_of, member_of_request
from app.errors import InvalidInput, NotSignedIn
from app.receipts.incoming import MOST, ReceiptInput, read_report, take
from app.receipts.signature import HEADER, check_body, read_header

EXAMPLE = {"receipts": [{"message_id": "<delivery.665f…678.665f…679@shop.example>", "event": "delivered"}]}

_signature = APIKeyHeader(
    name=HEADER,
    auto_error=False,
    description="`t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256 of t.body with RECEIPTS_SECRET>`",
)


class SignedRoute(OpenRoute):
    """A route for vendors, who sign what they send, and for members who may send campaigns and try it out."""

    async def prepare(self, request: Request) -> None:
        """Raise NotSignedIn for a wrong signature or nobody; PermissionDenied for a member who may not send."""
        header = request.headers.get(HEADER)
        if header is not None:
            # The form and the time first: a stranger's body is not even read.
            moment, signatures = read_header(header)
            check_body(await request.body(), moment, signatures)
            return
        token, credential = credential_of(request)
        if token is not None and credential == "cookie":
            require_own_origin(request)
        member = await member_of_request(request)
        if member is None:
            raise NotSignedIn(f"Please sign the request by {HEADER}, or send a bearer token from /api/auth/token.")
        require(member, "campaigns.send")


router = APIRouter(prefix="/api/receipts", tags=["campaigns"], route_class=SignedRoute, responses=PROBLEMS)


class ReceiptsAnswer(BaseModel):
    """What became of the receipts."""

    accepted: int = Field(examples=[998], description="Kept; each is taken in within about a second")
    repeated: int = Field(examples=[1], description="Known before; nothing changes")
    unknown: list[str] = Field(description="Messages that Cohort did not send, as the report names them")


def _schema() -> dict[str, Any]:
    """OpenAPI words for a body that is one receipt or a list of them."""
    one = ReceiptInput.model_json_schema()
    many = {"type": "array", "minItems": 1, "maxItems": MOST, "items": one}
    batch = {"type": "object", "required": ["receipts"], "properties": {"receipts": many}}
    schema = {"anyOf": [{"title": "Receipts", **batch, "additionalProperties": False}, one]}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": EXAMPLE}}}}


@router.post(
    "",
    response_model=ReceiptsAnswer,
    status_code=202,
    openapi_extra={**_schema(), "x-permission": "campaigns.send"},
    dependencies=[Depends(_signature)],
    summary="Report what became of messages",
)
async def report(request: Request) -> ReceiptsAnswer:
    """One receipt, or up to 1,000 in `receipts`: delivered, bounced or complained.

    Repeats, and any order, end in the same state. Unknown messages are named in the answer; the others are kept.
    """
    body = await request.json()
    if not isinstance(body, dict):
        raise InvalidInput.of("body", 'should be a JSON object: one receipt, or {"receipts": [...]}')
    found = await take(read_report(body))
    return ReceiptsAnswer(accepted=found.accepted, repeated=found.repeated, unknown=found.unknown)
