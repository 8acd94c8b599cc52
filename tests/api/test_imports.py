"""`/api/imports` over HTTP; what becomes of the rows is tested with the importer."""

from __future__ import annotations

import pytest

from app.imports.service import run_import
from models import Customer, ImportJob

CSV = b"customer_id,email,first_name\n1,ann@example.com,Ann\n2,nope,Bob\n"


async def test_a_file_is_taken_worked_on_and_its_rejects_given_back(marketer):
    response = await marketer.post("/api/imports", data={"kind": "customers"}, files={"file": ("people.csv", CSV)})
    assert response.status_code == 202, response.text
    job = response.json()
    assert (job["status"], job["filename"]) == ("queued", "people.csv")
    await run_import(job["id"])
    found = (await marketer.get(f"/api/imports/{job['id']}")).json()
    assert (found["status"], found["total"], found["created"], found["rejected"]) == ("done", 2, 1, 1)
    rejects = await marketer.get(f"/api/imports/{job['id']}/rejects.csv")
    assert rejects.headers["content-type"].startswith("text/csv")
    assert "nope" in rejects.text
    assert await Customer.count() == 1
    assert (await marketer.post(f"/api/imports/{job['id']}/cancel")).status_code == 409
    assert [one["id"] for one in (await marketer.get("/api/imports")).json()["items"]] == [job["id"]]


@pytest.mark.parametrize(
    ("data", "file", "field"),
    [
        ({}, ("a.csv", CSV), "kind"),
        ({"kind": "people"}, ("a.csv", CSV), "kind"),
        ({"kind": "customers"}, None, "file"),
        ({"kind": "customers"}, ("a.csv", b""), "file"),
        ({"kind": "customers", "mapping": "{"}, ("a.csv", CSV), "mapping"),
        ({"kind": "customers", "mapping": "[1]"}, ("a.csv", CSV), "mapping"),
        ({"kind": "customers", "mapping": '{"email": "colour"}'}, ("a.csv", CSV), "mapping"),
    ],
)
async def test_what_cannot_be_imported_is_refused_at_once(marketer, data, file, field):
    files = {"file": file} if file else {"other": ("a.csv", CSV)}
    response = await marketer.post("/api/imports", data=data, files=files)
    assert response.status_code == 422, response.text
    assert field in response.json()["detail"], response.text
    assert await ImportJob.count() == 0
