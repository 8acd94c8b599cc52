"""One form for every log line, ours and the libraries': readable at a terminal, one JSON object a line elsewhere."""

from __future__ import annotations

import logging
import sys
from types import TracebackType

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.redacting import redacted

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]

_QUIET = {
    "uvicorn.error": logging.WARNING,
    "uvicorn.access": logging.WARNING,
    "httpx": logging.WARNING,
    "httpx2": logging.WARNING,
    "google_genai": logging.WARNING,
    "openai": logging.WARNING,
    "httpcore": logging.WARNING,
    "pymongo": logging.WARNING,
    "asyncio": logging.WARNING,
    "watchfiles": logging.WARNING,
    "dramatiq": logging.WARNING,
}
"""Libraries whose everyday words help nobody who runs a shop."""


def set_up_logging(process: str) -> None:
    """Send structlog and the standard library's loggers to stderr, each line naming this process, e.g. `worker 1`."""

    def named(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        return {"process": process, **event}

    shared = [*_SHARED, named]
    terminal = sys.stderr.isatty()
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback)
        if terminal
        else structlog.processors.JSONRenderer(sort_keys=False)
    )
    finish: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not terminal:
        finish.append(structlog.processors.format_exc_info)
    finish += [renderer, _without_secrets]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=finish))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)
    sys.excepthook = _log_the_end
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _without_secrets(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    """The last step, on the whole line: a traceback or a library's words may quote an address with its password."""
    return redacted(str(line))  # type: ignore[return-value]  # after the renderer a line is text


def _log_the_end(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    """What ends the process unexpectedly goes through the log like everything else."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, problem, trace)
        return
    logging.getLogger("cohort").critical("the process ends", exc_info=(kind, problem, trace))
