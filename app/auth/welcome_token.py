"""The file that holds the one-time token of the first owner's link."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from app.settings import Settings

FILE_NAME = "welcome_token"


def token_path(settings: Settings) -> Path:
    """Where the token is kept."""
    return settings.data_dir / FILE_NAME


def kept_token(settings: Settings) -> str:
    """The token, made when there is none (mode 0600); safe when two processes race."""
    path = token_path(settings)
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def is_kept_token(settings: Settings, token: str) -> bool:
    """Whether this is the token; compared in constant time."""
    try:
        kept = token_path(settings).read_text().strip()
    except FileNotFoundError:
        return False
    return bool(kept) and secrets.compare_digest(kept.encode(), token.encode("utf-8", "replace"))
