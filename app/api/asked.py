"""Where a plain form was sent from, for what it leaves in the audit log."""

from __future__ import annotations

from fastapi import Request

from app.audit import Origin, asked_from
from models.audit_entry import Via


def asked_by(request: Request, via: Via = "sign-in") -> str:
    """Note the way and the address for the rest of this request; answers the address."""
    address = request.client.host if request.client else ""
    asked_from.set(Origin(via, address))
    return address
