"""REST: one router per resource."""

from __future__ import annotations

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    """Every router of the application, in the order in which they are tried."""
    from app.api import (
        ai_calls,
        audit,
        auth,
        campaigns,
        copywriting,
        customer_segments,
        customers,
        deliveries,
        health,
        imports,
        insights,
        keys,
        log_export,
        metrics,
        orders,
        password_links,
        policies,
        receipts,
        resolving,
        second_step,
        segment_exchange,
        segment_growth,
        segment_history,
        segment_ideas,
        segment_overlap,
        segment_rules,
        segments,
        sessions,
        sign_in,
        sign_in_with,
        unknown,
        unsubscribe,
    )

    resources = (
        customers,
        customer_segments,
        orders,
        imports,
        segment_ideas,
        segment_overlap,
        segment_growth,
        segment_rules,
        segments,
        segment_history,
        segment_exchange,
        copywriting,
        campaigns,
        deliveries,
        log_export,
        receipts,
        resolving,
        insights,
        ai_calls,
        keys,
        sessions,
        policies,
        audit,
    )
    return [
        *(
            health.router,
            metrics.router,
            sign_in.router,
            sign_in_with.router,
            password_links.router,
            second_step.router,
            auth.token_router,
            auth.router,
            unsubscribe.router,
        ),
        *(resource.router for resource in resources),
        unknown.router,
    ]
