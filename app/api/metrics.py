"""Prometheus metrics: the process, requests by route template, campaigns and deliveries. No personal data."""

from __future__ import annotations

import asyncio
from time import perf_counter

import structlog
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from pymongo.errors import PyMongoError
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.database import collection
from app.errors import Unavailable
from models.campaign import CampaignState
from models.chunk import Tally

router = APIRouter()

log = structlog.get_logger(__name__)

REQUESTS = Counter("cohort_http_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "cohort_http_request_seconds",
    "Time from the request to the start of the answer",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CAMPAIGNS = Gauge("cohort_campaigns", "Campaigns by state", ["state"])
DELIVERIES = Gauge("cohort_deliveries", "Messages of all campaigns by outcome, from the chunks' tallies", ["outcome"])

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OUTCOMES = tuple(Tally.model_fields)


class Measured:
    """Counts and times every request by its route's template, never by its path, which may hold an id or a name."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = perf_counter()
        status = 500

        async def watched_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                SECONDS.labels(method, _route(scope)).observe(perf_counter() - start)
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else "other"
        try:
            await self.app(scope, receive, watched_send)
        finally:
            REQUESTS.labels(method, _route(scope), str(status)).inc()


@router.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    """The metrics of this web process; the gauges about campaigns are those of the whole workspace."""
    try:
        async with asyncio.timeout(3):
            await _refresh()
    except (TimeoutError, PyMongoError, Unavailable) as problem:
        log.warning("campaign metrics are stale", error=type(problem).__name__)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _refresh() -> None:
    counted = {state.value: 0 for state in CampaignState}
    async for row in await collection("campaigns").aggregate([{"$group": {"_id": "$state", "n": {"$sum": 1}}}]):
        counted[str(row["_id"])] = int(row["n"])
    for state, number in counted.items():
        CAMPAIGNS.labels(state).set(number)
    sums = {outcome: {"$sum": f"$tally.{outcome}"} for outcome in OUTCOMES}
    group = {"_id": None, "size": {"$sum": "$size"}, **sums}
    rows = await (await collection("chunks").aggregate([{"$group": group}])).to_list(1)
    totals = {outcome: int(rows[0][outcome]) if rows else 0 for outcome in OUTCOMES}
    pending = int(rows[0]["size"]) - sum(totals.values()) if rows else 0
    for outcome, number in {**totals, "pending": pending}.items():
        DELIVERIES.labels(outcome).set(number)


def _route(scope: Scope) -> str:
    """The template of the matched route; everything that the pages serve is one."""
    return getattr(scope.get("route"), "path", None) or "pages"
