"""cohort receipts-secret."""

from __future__ import annotations

from app.cli.frame import settings_now


def secret() -> None:
    """Print the secret by which vendors sign their callbacks to /api/receipts. Keep it like a password."""
    from app.receipts.signature import receipts_secret

    settings_now()
    print(receipts_secret())
