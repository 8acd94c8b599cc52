"""Every error as `application/problem+json` (RFC 9457): what went wrong, for each wrong field what would be right."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from beanie.exceptions import CollectionWasNotInitialized
from bson.errors import BSONError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from pymongo.errors import ConnectionFailure, ExecutionTimeout, InvalidOperation, PyMongoError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.errors import CohortError, FieldError, InvalidInput, NotFound, NotSignedIn, Unavailable
from app.validation import field_errors, invalid_input

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger(__name__)


class WrongField(BaseModel):
    """One wrong input."""

    field: str = Field(examples=["email"])
    message: str = Field(examples=["should be an address such as ann@example.com"])


class Problem(BaseModel):
    """What is answered instead of a result (RFC 9457)."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(examples=["urn:cohort:invalid-input"])
    title: str = Field(examples=["Please check the input"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["email: should be an address such as ann@example.com"])
    errors: list[WrongField] = Field(default_factory=list)


def problem_response(error: CohortError) -> Response:
    """The response for an expected error. `retry_after` on the error (seconds) becomes the header."""
    headers: dict[str, str] = {}
    retry_after = getattr(error, "retry_after", None)
    if retry_after is None and isinstance(error, Unavailable):
        retry_after = 2
    if retry_after is not None:
        headers["Retry-After"] = str(max(1, round(retry_after)))
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    return _problem(error.status, error.slug, error.title, error.detail, error.errors, headers)


def install(app: FastAPI) -> None:
    """Make every error of this application a problem document."""
    app.add_exception_handler(CohortError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for away in (ConnectionFailure, ExecutionTimeout, InvalidOperation, CollectionWasNotInitialized):
        app.add_exception_handler(away, _database_away)
    app.add_exception_handler(RedisConnectionError, _queue_away)
    app.add_exception_handler(RedisTimeoutError, _queue_away)
    app.add_exception_handler(BSONError, _unstorable)
    app.add_exception_handler(PyMongoError, _database_refused)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unexpected)


async def _expected(_: Request, error: Exception) -> Response:
    return problem_response(cast("CohortError", error))


async def _invalid(request: Request, error: Exception) -> Response:
    raw = cast("RequestValidationError", error).errors()
    wrong = field_errors(raw, getattr(request.state, "known_fields", ()))
    if raw and all(item.get("loc", ("",))[0] == "path" for item in raw):
        return problem_response(NotFound("There is nothing with this id."))
    return problem_response(invalid_input(wrong))


async def _http(_: Request, error: Exception) -> Response:
    raised = cast("HTTPException", error)
    if raised.status_code == HTTPStatus.BAD_REQUEST:  # a form that cannot be read, as JSON that cannot be is 422
        return problem_response(InvalidInput.of("body", f"cannot be read: {raised.detail}"))
    phrase = HTTPStatus(raised.status_code).phrase
    slug = phrase.lower().replace(" ", "-")
    detail = raised.detail if raised.detail and raised.detail != phrase else _DETAILS.get(raised.status_code, phrase)
    return _problem(raised.status_code, slug, phrase, str(detail), (), dict(raised.headers or {}))


_DETAILS = {
    404: "There is nothing at this address; /api/docs lists what there is.",
    405: "This address does not answer to this method; the Allow header lists those it does.",
}


async def _database_away(_: Request, error: Exception) -> Response:
    log.warning("database away", error=type(error).__name__)
    return problem_response(Unavailable("The database does not answer; please try again in a moment."))


async def _queue_away(_: Request, error: Exception) -> Response:
    log.warning("queue away", error=type(error).__name__)
    return problem_response(Unavailable("The queue does not answer; please try again in a moment."))


async def _unstorable(_: Request, error: Exception) -> Response:
    log.warning("unstorable value", error=str(error)[:200])
    return problem_response(InvalidInput.of("body", "holds a value that cannot be stored"))


async def _database_refused(request: Request, error: Exception) -> Response:
    has_label = getattr(error, "has_error_label", None)
    if has_label is not None and (has_label("TransientTransactionError") or has_label("RetryableWriteError")):
        return await _database_away(request, error)
    return await _unexpected(request, error)


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=499)


async def _unexpected(request: Request, error: Exception) -> Response:
    route = getattr(request.scope.get("route"), "path", "unknown")
    log.error("unexpected error", route=route, method=request.method, exc_info=error)
    return _problem(500, "error", "Something went wrong", "Nothing more is known here; the log has the details.", ())


def _problem(
    status: int,
    slug: str,
    title: str,
    detail: str,
    errors: Sequence[FieldError],
    headers: dict[str, str] | None = None,
) -> Response:
    body: dict[str, Any] = {
        "type": f"urn:cohort:{slug}",
        "title": title,
        "status": status,
        "detail": _printable(detail),
        "errors": [{"field": _printable(error.field), "message": _printable(error.message)} for error in errors[:100]],
    }
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _printable(text: str) -> str:
    """Lone surrogates cannot be written as UTF-8; a message may quote them."""
    return text.encode("utf-8", "replace").decode("utf-8")
