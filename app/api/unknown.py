"""Addresses under `/api` that do not exist; without this the pages, mounted at `/`, would answer them."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@router.api_route("/api/{path:path}", methods=METHODS)
@router.api_route("/api", methods=METHODS)
async def unknown(request: Request) -> None:
    """404, or 405 with the methods that the address does answer to."""
    allowed: set[str] = set()
    for template, operations in request.app.openapi()["paths"].items():
        pattern = "[^/]+".join(re.escape(part) for part in re.split(r"\{[^}]+\}", template))
        if re.fullmatch(pattern, request.url.path):
            allowed.update(method.upper() for method in operations)
    if allowed:
        raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
    raise HTTPException(404)
