"""The API's documentation page and OpenAPI document; nothing on it is loaded from another host."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import as_file, files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse

from app.api import routers
from app.api.content_policy import docs_policy
from app.api.problems import MEDIA_TYPE
from app.api.routes import action_of, for_members
from app.auth.permissions import PERMISSIONS
from models.member import Role

_ASSETS = "/api/docs/assets"


def install(app: FastAPI) -> None:
    """Serve `/api/docs` (Swagger UI from the package `fastapi-offline`) and the OpenAPI document."""
    with as_file(files("fastapi_offline") / "static") as folder:
        app.mount(_ASSETS, StaticFiles(directory=folder), name="docs-assets")

    @app.get("/api/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        page = get_swagger_ui_html(
            openapi_url=str(app.openapi_url),
            title="Cohort API",
            oauth2_redirect_url="/api/docs/oauth2-redirect",
            swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{_ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{_ASSETS}/favicon.png",
            swagger_ui_parameters={"docExpansion": "none", "persistAuthorization": False, "tryItOutEnabled": True},
        )
        return _with_policy(page)

    @app.get("/api/docs/oauth2-redirect", include_in_schema=False)
    async def oauth2_redirect() -> HTMLResponse:
        return _with_policy(get_swagger_ui_oauth2_redirect_html())

    describe = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = describe()
            _as_problems(document)
            _say_who_may(document)
        return describe()

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for extending the document


def _with_policy(page: HTMLResponse) -> HTMLResponse:
    page.headers["Content-Security-Policy"] = docs_policy(bytes(page.body).decode())
    return page


def operations() -> Iterator[tuple[str, str, APIRoute]]:
    """Method, path and route of every operation in the document, in its order."""
    for router in routers():
        for route in router.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                for method in sorted(route.methods or ()):
                    yield method, route.path_format, route


def _say_who_may(document: dict[str, Any]) -> None:
    """Each operation names the action of the permission table that it needs, and in words which roles have it."""
    for method, path, route in operations():
        if not for_members(route):
            continue
        operation = document["paths"][path][method.lower()]
        action = action_of(route)
        operation["x-permission"] = action
        who = f"Needs `{action}`: {', '.join(role for role in Role if role in PERMISSIONS[action])}." if action else ""
        operation["description"] = f"{operation.get('description', '')}\n\n{who or 'For every member.'}".strip()


def _as_problems(document: dict[str, Any]) -> None:
    """Errors are problem documents, which FastAPI would list as plain JSON; and what any route may answer."""
    for path, item in document.get("paths", {}).items():
        for operation in item.values():
            responses = operation.get("responses", {})
            if path.startswith("/api/"):
                responses.setdefault("429", _TOO_MANY)
                if "requestBody" in operation:
                    responses.setdefault("413", _problem("The body is larger than what is taken here"))
            for status, response in responses.items():
                content = response.get("content", {})
                if status >= "400" and "application/json" in content:
                    content[MEDIA_TYPE] = content.pop("application/json")


def _problem(description: str, **more: Any) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content, **more}


_TOO_MANY = _problem(
    "Too many requests; Retry-After says how many seconds to wait",
    headers={"Retry-After": {"description": "Seconds", "required": True, "schema": {"type": "integer", "minimum": 1}}},
)
