"""Imports: the list, one import, and the refused rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from nicegui.testing import User

from app.imports.service import import_file
from models import ImportJob, Member
from tests.pages.seeing import column, table_rows, until


@pytest.fixture
async def job(alice: Member, tmp_path: Path) -> ImportJob:
    """An import of two rows, one of them refused."""
    path = tmp_path / "people.csv"
    path.write_text("email,first_name,shoe size\nann@example.com,Ann,38\nnot-an-address,Bo,41\n")
    return await import_file(alice, "customers", path)


class TestImports:
    async def test_an_empty_list_offers_the_first_step(self, user: User) -> None:
        await user.open("/imports")
        await user.should_see("Nothing imported yet", retries=30)

    async def test_the_list_shows_what_became_of_the_rows(self, user: User, job: ImportJob) -> None:
        await user.open("/imports")
        await until(lambda: table_rows(user))
        assert (column(user, "file"), column(user, "rejected")) == (["people.csv"], ["1"])

    async def test_one_import_gives_back_the_refused_rows(self, user: User, job: ImportJob) -> None:
        await user.open(f"/imports/{job.id}")
        await user.should_see("Download refused rows")
        await user.should_see("left out")
        refused = await user.http_client.get(f"/imports/{job.id}/rejects.csv")
        assert refused.headers["content-type"].startswith("text/csv")
        assert "not-an-address" in refused.text
        assert len(refused.text.splitlines()) == 2

    async def test_the_refused_rows_are_for_members_alone(self, viewer: User, user: User, job: ImportJob) -> None:
        user.http_client.cookies.clear()
        for client in (viewer.http_client, user.http_client):
            response = await client.get(f"/imports/{job.id}/rejects.csv")
            assert response.status_code == 303
            assert "not-an-address" not in response.text
