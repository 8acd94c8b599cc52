"""docs/permissions.md is what the code says."""

from __future__ import annotations

from pathlib import Path

from app.main import page_permissions
from app.permissions_page import permissions_page
from app.settings import read_settings

DOCUMENT = Path(__file__).parent.parent / "docs" / "permissions.md"


def test_it_is_up_to_date(tmp_path: Path):
    settings = read_settings(_env_file=None, data_dir=tmp_path, secret_key="k" * 40)
    wanted = permissions_page(page_permissions(settings))
    assert DOCUMENT.read_text() == wanted, "cohort permissions > docs/permissions.md"
