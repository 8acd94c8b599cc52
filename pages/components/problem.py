"""What an error is called on a page: the only place that turns exceptions into words for people."""

from __future__ import annotations

import structlog
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from app.errors import CohortError

log = structlog.get_logger(__name__)

DATABASE_AWAY = (
    "The database does not answer. Nothing was changed and nothing is lost; "
    "this page works again as soon as it is back."
)
QUEUE_AWAY = "The task queue does not answer. What was saved is safe; work goes on as soon as the queue is back."
UNEXPECTED = "Something went wrong; nothing was changed."


def explain(problem: BaseException) -> str:
    """A sentence for the member; an unexpected error also leaves a line with its trace in the log."""
    if isinstance(problem, CohortError):
        return problem.detail
    if isinstance(problem, PyMongoError):
        log.warning("database_away", error=str(problem)[:300])
        return DATABASE_AWAY
    if isinstance(problem, RedisError):
        log.warning("queue_away", error=str(problem)[:300])
        return QUEUE_AWAY
    log.error("page_error", exc_info=problem)
    return UNEXPECTED
