"""The README says what is: every setting with its default, every command of the Makefile it names."""

from __future__ import annotations

import re
from pathlib import Path

from app.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_every_setting_is_in_the_table_as_the_code_describes_it():
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*) \|$", README, re.MULTILINE))
    for name, field in Settings.model_fields.items():
        described = (field.description or "").replace("|", "\\|")
        assert rows.get(name.upper(), "").endswith(described), f"{name.upper()} should read: {described}"
    assert set(rows) == {name.upper() for name in Settings.model_fields}


def test_every_make_target_it_names_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z]+)`?", README))
    assert named <= targets


def test_every_picture_and_page_it_links_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target
