"""What every route of the API does before its own work: know the member, refuse what it does not understand."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel
from starlette.responses import Response

from app.api.origin import require_own_origin
from app.api.problems import Problem
from app.api.rate_limits import count_member
from app.api.strict_json import read_json
from app.audit import Origin, asked_from
from app.auth.permissions import PERMISSIONS, require
from app.auth.session import credential_of, member_of_request
from app.errors import FieldError, NotSignedIn
from app.validation import did_you_mean, invalid_input
from models.member import Member

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_bearer = OAuth2PasswordBearer(
    "/api/auth/token", auto_error=False, description="A token from /api/auth/token; the browser's cookie works too."
)

PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "Nobody is signed in"},
    403: {"model": Problem, "description": "The role does not allow this"},
    422: {"model": Problem, "description": "Something in the request is wrong; each wrong field is named"},
    503: {"model": Problem, "description": "The database or the queue is away"},
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is nothing with this id"}}
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"model": Problem, "description": "Not possible in this state"}}


class _StrictRequest(Request):
    """A request whose JSON is read strictly. An empty body is none, so that "is required" can be said of it."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            body = await self.body()
            self._json = read_json(body) if body.strip() else None
        return self._json


class OpenRoute(APIRoute):
    """A route for anybody: strict JSON, no unknown query parameters."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        query_names = frozenset(_query_names(self.dependant))
        known_fields = tuple(_field_names(self))

        async def strict(request: Request) -> Response:
            request = _StrictRequest(request.scope, request.receive)
            request.state.known_fields = (*known_fields, *query_names)
            await self.prepare(request)
            _check_parameters(request, query_names)
            if self.body_field is not None and _says_json(request):
                await request.json()
            return await handle(request)

        return strict

    async def prepare(self, request: Request) -> None:
        """What has to hold before anything of the request is read."""


class MemberRoute(OpenRoute):
    """A route for members. Who asks is settled before the body is read, so a stranger costs next to nothing."""

    async def prepare(self, request: Request) -> None:
        """Raise NotSignedIn without a member, PermissionDenied when another site uses the cookie, TooManyRequests."""
        token, credential = credential_of(request)
        if token is not None and credential == "cookie":
            require_own_origin(request)
        member = await member_of_request(request)
        await count_member(request, member)
        if member is None:
            raise NotSignedIn("Please sign in, or send an API key or a token from /api/auth/token as a bearer.")
        request.state.member = member
        asked_from.set(
            Origin("api" if credential == "bearer" else "page", request.client.host if request.client else "")
        )


def may(action: str) -> Any:
    """A parameter's type: the member who asks, if the role allows `action`."""

    async def member_who_may(request: Request, _: Annotated[str | None, Depends(_bearer)]) -> Member:
        member: Member = request.state.member
        require(member, action)
        return member

    PERMISSIONS[action]  # an action that is not in the table stops the start
    member_who_may.action = action  # type: ignore[attr-defined]  # read back by `action_of`
    return Depends(member_who_may)


def action_of(route: APIRoute) -> str | None:
    """The action of the permission table that a route needs; None where every member may, or everybody."""
    if isinstance(route, MemberRoute):
        return next(_actions(route.dependant), None)
    return (route.openapi_extra or {}).get("x-permission")


def for_members(route: APIRoute) -> bool:
    """Whether one has to be signed in."""
    return isinstance(route, MemberRoute) or action_of(route) is not None


def _actions(dependant: Dependant) -> Iterator[str]:
    for sub in dependant.dependencies:
        if (action := getattr(sub.call, "action", None)) is not None:
            yield action
        yield from _actions(sub)


async def _anyone(request: Request, _: Annotated[str | None, Depends(_bearer)]) -> Member:
    member: Member = request.state.member
    return member


AnyMember = Annotated[Member, Depends(_anyone)]


def _says_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind.startswith("application/") and (kind == "application/json" or kind.endswith("+json"))


def _check_parameters(request: Request, known: frozenset[str]) -> None:
    """Refuse what the route does not know, and NUL, which no text holds and no pattern may."""
    wrong = [
        FieldError(name[:100], "is not a parameter of this route" + did_you_mean(name, known))
        for name in request.query_params
        if name not in known
    ]
    wrong += [
        FieldError(name, "should not hold a NUL character")
        for name, value in request.query_params.multi_items()
        if name in known and "\0" in value
    ]
    if wrong:
        raise invalid_input(wrong)


def _query_names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        yield field.alias
    for sub in dependant.dependencies:
        yield from _query_names(sub)


def _field_names(route: APIRoute) -> list[str]:
    """The names of the body's fields, for did-you-mean."""
    body = getattr(route.body_field, "field_info", None)
    model = getattr(body, "annotation", None)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return list(model.model_fields)
    return []
