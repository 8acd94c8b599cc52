"""The channels run on the event loop that workers have."""

from __future__ import annotations

import asyncio

import pytest
import uvloop


@pytest.fixture(scope="session")
def event_loop_policy() -> asyncio.AbstractEventLoopPolicy:
    """uvloop's, as in `tasks.worker`."""
    return uvloop.EventLoopPolicy()
