"""Runs Schemathesis as its own command, so that what is found can be repeated with the line it prints."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
)
"""Whether it breaks, and whether it answers as it says. Whether a value that fits the description is refused all the
same (an id that is not there, a rule that contradicts itself) is for the other tests.
"""

SIGN_IN = "^/api/auth/"
"""What ends sessions or counts wrong passwords is left out: it would end the run."""


def schemathesis(
    url: str, authorization: str, folder: Path, *options: str, ids: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The exit code (0: nothing found) and what was printed. With `ids`, paths get real ones."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "schemathesis.toml"
    config.write_text("".join(_real_id(beginning, id) for beginning, id in (ids or {}).items()))
    command = [
        *(str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config)),
        *("run", f"{url}/api/openapi.json", "--header", f"Authorization: {authorization}"),
        *("--checks", ",".join(CHECKS), "--exclude-path-regex", SIGN_IN),
        *("--no-color", "--warnings", "off", "--request-timeout", "30"),
        *options,
    ]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def _real_id(beginning: str, id: str) -> str:
    pattern = json.dumps(f"^{re.escape(beginning)}\\{{id\\}}")
    return f'[[operations]]\ninclude-path-regex = {pattern}\nparameters = {{ "path.id" = {json.dumps(id)} }}\n'
