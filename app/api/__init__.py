"""REST: one router per resource."""

from __future__ import annotations

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    """Every router of the application, in the order in which they are tried."""
    from app.api import (
        auth,
        campaigns,
        customers,
        deliveries,
        health,
        imports,
        metrics,
        orders,
        segments,
        sign_in,
        unknown,
        unsubscribe,
    )

    resources = (customers, orders, imports, segments, campaigns, deliveries)
    return [
        *(health.router, metrics.router, sign_in.router, auth.token_router, auth.router, unsubscribe.router),
        *(resource.router for resource in resources),
        unknown.router,
    ]
