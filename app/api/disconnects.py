"""Work for a request that ends with it: nobody reads the answer to a question that was taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request

CLIENT_CLOSED_REQUEST = 499
"""Only for the log and the metrics, under nginx's number: the one who asked is gone."""

Result = TypeVar("Result")


async def while_connected(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of the work, which is cancelled as soon as the client closes the connection.

    The body has to be read before. Raises HTTPException 499, which nobody gets to see, when the client is gone.
    """
    job = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({job, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not job.done():
            raise HTTPException(CLIENT_CLOSED_REQUEST, "The client closed the connection.")
        return job.result()
    finally:
        gone.cancel()
        if job.cancel():
            await asyncio.gather(job, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
