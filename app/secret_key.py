"""The key that is generated into the data folder where SECRET_KEY is empty, and the keys that came before it.

secret_key           the present one; signs
secret_keys_former   those before it, the newest first, one a line; they still verify and never sign
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from app.errors import Conflict

FILE_NAME = "secret_key"
FORMER_FILE_NAME = "secret_keys_former"


def kept_key(data_dir: Path) -> bytes:
    """The present key, made when there is none (mode 0600). Safe when two processes race."""
    path = data_dir / FILE_NAME
    data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = _written(path, secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes().strip()


def former_keys(data_dir: Path) -> tuple[bytes, ...]:
    """The keys before the present one, the newest first."""
    try:
        lines = (data_dir / FORMER_FILE_NAME).read_bytes().splitlines()
    except FileNotFoundError:
        return ()
    return tuple(line.strip() for line in lines if line.strip())


def rotate_key(data_dir: Path) -> None:
    """A new key takes the present one's place; processes that run take it up with the next thing they sign.

    The present one joins the former first, so nothing that it signed is refused at any moment. Raises Conflict when
    there is no generated key.
    """
    path = data_dir / FILE_NAME
    if not path.exists():
        raise Conflict(f"There is no generated key in {data_dir}; it is made at the first start.")
    former = (path.read_bytes().strip(), *former_keys(data_dir))
    text = "".join(f"{key.decode()}\n" for key in dict.fromkeys(former))
    _written(data_dir / FORMER_FILE_NAME, text).replace(data_dir / FORMER_FILE_NAME)
    _written(path, secrets.token_urlsafe(48)).replace(path)


def _written(path: Path, text: str) -> Path:
    """A draft beside `path` that holds `text`, on the disk, readable for this user alone."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    return draft
