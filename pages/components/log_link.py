"""Addresses of the communication log, narrowed: the page and the file."""

from __future__ import annotations

from urllib.parse import urlencode

PARAMETERS = {
    "campaign": "campaign_id",
    "customer": "customer_id",
    "state": "state",
    "channel": "channel",
    "domain": "domain",
    "error": "error",
    "q": "search",
    "since": "since",
    "until": "until",
}
"""What the page's address calls each filter, and what the API calls it."""


def log_link(**narrowed: object) -> str:
    """The log with these filters; the empty ones are left out."""
    given = urlencode({name: str(narrowed[name]) for name in PARAMETERS if narrowed.get(name)})
    return f"/log?{given}" if given else "/log"


def log_file(**narrowed: object) -> str:
    """The same as a CSV file."""
    given = urlencode({api: str(narrowed[name]) for name, api in PARAMETERS.items() if narrowed.get(name)})
    return f"/api/deliveries.csv?{given}" if given else "/api/deliveries.csv"
