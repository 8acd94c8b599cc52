"""docs/permissions.md is what the code says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

DOCUMENT = Path(__file__).parent.parent / "docs" / "permissions.md"


def test_it_is_up_to_date(tmp_path: Path):
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "SECRET_KEY": "k" * 40}
    said = subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", "permissions"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert DOCUMENT.read_text() == said.stdout, "cohort permissions > docs/permissions.md"
