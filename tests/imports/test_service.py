"""Imports through the service: every row is accounted for, and nothing is lost or doubled on the way."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import timedelta
from itertools import count

import pytest

from app.database import collection
from app.errors import Conflict, InvalidInput, NotFound, PermissionDenied, TooLarge, Unavailable
from app.imports import jobs, loader, service, storage
from app.imports.service import (
    cancel_import,
    due_imports,
    get_import,
    import_file,
    inspect_upload,
    list_imports,
    rejects_csv,
    run_import,
    start_import,
)
from models import Customer, ImportJob, Order
from models.import_job import ImportStatus
from models.values import now

CUSTOMERS = b"customer_id,email,first_name,city,favourite\n1,ann@x.com,Ann,Pune,tea\n2,bob@x.com,Bob,Goa,rum\n"


def people(count: int) -> bytes:
    return b"customer_id,email\n" + b"".join(b"%d,c%d@x.com\n" % (n, n) for n in range(count))


async def done(member, kind: str, data: bytes, mapping=None) -> ImportJob:
    """Start and run an import, as the worker would."""
    job = await start_import(member, kind, "file.csv", data, mapping)
    return await run_import(job.id) or await get_import(member, job.id)


async def refused(member, job: ImportJob) -> list[list[str]]:
    pieces = b"".join([piece async for piece in await rejects_csv(member, job.id)])
    return list(csv.reader(io.StringIO(pieces.decode(), newline="")))


def counts(job: ImportJob) -> tuple[int, int, int, int]:
    return job.total, job.created, job.updated, job.rejected


class TestStart:
    async def test_it_stores_the_file_and_waits_for_a_worker(self, bob):
        job = await start_import(bob, "customers", "../../etc/C:\\shop\\list\n.csv", CUSTOMERS)
        read = await get_import(bob, job.id)
        assert (read.status, read.filename, read.created_by) == (ImportStatus.QUEUED, "list.csv", bob.id)
        assert read.ignored_columns == ["favourite"]
        assert read.used_columns["customer_id"] == "external_id"
        assert await Customer.find_all().count() == 0

    @pytest.mark.parametrize(
        ("data", "mapping", "words"),
        [
            (b"", None, "file: The file is empty."),
            (b"email,city\n", None, "file: There are no rows below the header."),
            (b"name,city\nAnn,Pune\n", None, "No column for external_id (customer_id) or email"),
            (CUSTOMERS, {"email": "emial"}, "Did you mean email?"),
            (b"email,signed_up_at\na@x.com,01/02/2026\n", None, "can be read in two ways"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\0\0\0\0", None, "not a text file"),
        ],
    )
    async def test_an_unusable_file_leaves_nothing_behind(self, bob, data, mapping, words):
        with pytest.raises(InvalidInput) as refusal:
            await start_import(bob, "customers", "a.csv", data, mapping)
        assert words in refusal.value.detail
        assert await ImportJob.find_all().count() == 0
        assert await collection(f"{storage.BUCKET}.files").count_documents({}) == 0

    async def test_the_size_is_limited_while_reading(self, bob, monkeypatch):
        monkeypatch.setattr(storage, "MAX_FILE_BYTES", 100)
        with pytest.raises(TooLarge):
            await start_import(bob, "customers", "a.csv", io.BytesIO(people(50)))

    async def test_kind_is_checked(self, bob):
        with pytest.raises(InvalidInput, match="kind: should be customers or orders"):
            await start_import(bob, "products", "a.csv", CUSTOMERS)

    async def test_viewers_may_not(self, charlie, bob):
        job = await start_import(bob, "customers", "a.csv", CUSTOMERS)
        for attempt in (
            start_import(charlie, "customers", "a.csv", CUSTOMERS),
            inspect_upload(charlie, "customers", CUSTOMERS),
            get_import(charlie, job.id),
            list_imports(charlie),
            cancel_import(charlie, job.id),
            rejects_csv(charlie, job.id),
        ):
            with pytest.raises(PermissionDenied):
                await attempt

    async def test_an_author_who_may_no_longer_import_stops_it(self, bob):
        job = await start_import(bob, "customers", "a.csv", CUSTOMERS)
        bob.active = False
        await bob.save()
        job = await run_import(job.id)
        assert (job.status, counts(job)) == (ImportStatus.FAILED, (0, 0, 0, 0))
        assert "may not do this" in job.error


class TestCustomers:
    async def test_rows_become_customers_and_again_updates(self, bob):
        job = await done(bob, "customers", CUSTOMERS)
        assert (job.status, counts(job), job.progress) == (ImportStatus.DONE, (2, 2, 0, 0), 1.0)
        job = await done(bob, "customers", CUSTOMERS.replace(b"Goa", b"Agra"))
        assert counts(job) == (2, 0, 2, 0)
        found = await Customer.find(Customer.external_id == "2").to_list()
        assert [(customer.city, customer.folded["city"]) for customer in found] == [("Agra", "agra")]

    async def test_blank_cells_change_nothing(self, bob):
        await done(bob, "customers", CUSTOMERS)
        await done(bob, "customers", b"customer_id,city,email_opt_in\n1,,yes\n")
        ann = await Customer.find_one(Customer.external_id == "1")
        assert (ann.city, ann.email, ann.email_opt_in) == ("Pune", "ann@x.com", True)

    async def test_bad_rows_are_kept_with_line_and_reason_and_good_ones_go_in(self, bob):
        data = (
            b"customer_id,email,phone,tags\n"
            b"1,ann@x.com,,=cmd|' /C calc'!A0\n"
            b"2,not-an-address,,a\n"
            b'3,"open@x.com,,a\n'
            b"4,dan@x.com,+12025550123,-1\n"
            b",,,nobody\n"
            b"6,f@x.com\n"
            b"7,bad@,123,=x\n"
        )
        job = await done(bob, "customers", data)
        assert (job.status, counts(job)) == (ImportStatus.DONE, (7, 2, 0, 5))
        rows = await refused(bob, job)
        assert rows[0] == ["import_line", "import_reason", "customer_id", "email", "phone", "tags"]
        assert [row[0] for row in rows[1:]] == ["3", "4", "6", "7", "8"]
        assert rows[1][1].startswith("email 'not-an-address': should be an email address")
        assert rows[2][1:] == ["The row opens a quote that is never closed.", '3,"open@x.com,,a']
        assert rows[3][1] == "customer_id or email: is blank, so nothing says who this is"
        assert rows[4][1] == "The row has 2 fields where the header has 4."
        assert rows[5][2:] == ["7", "bad@", "123", "'=x"]
        dan = await Customer.find_one(Customer.external_id == "4")
        assert (dan.phone, dan.tags) == ("+12025550123", ["-1"])

    async def test_the_mended_rejects_go_in_as_they_are(self, bob):
        job = await done(bob, "customers", b"customer_id,email\n1,nobody\n")
        pieces = b"".join([piece async for piece in await rejects_csv(bob, job.id)])
        job = await done(bob, "customers", pieces.replace(b"1,nobody", b"1,ann@x.com"))
        assert (counts(job), job.ignored_columns) == ((1, 1, 0, 0), ["import_line", "import_reason"])

    async def test_a_later_row_of_the_same_customer_wins_across_batches(self, bob, monkeypatch):
        monkeypatch.setattr("app.imports.batches.BATCH_ROWS", 4)
        rows = [b"%d,c%d@x.com,City %d" % (n % 5, n % 5, n) for n in range(40)]
        job = await done(bob, "customers", b"customer_id,email,city\n" + b"\n".join(rows))
        assert counts(job) == (40, 5, 35, 0)
        cities = {customer.external_id: customer.city for customer in await Customer.find_all().to_list()}
        assert cities == {str(n): f"City {n + 35}" for n in range(5)}


class TestOrders:
    async def test_rollups_follow_and_strangers_are_named(self, bob):
        await done(bob, "customers", CUSTOMERS)
        data = (
            b"order_id,customer_id,placed_at,quantity,amount,currency\n"
            b"A1,1,2026-03-01,2,12.50,USD\nA2,1,2026-03-05,1,7.50,USD\nA3,99,2026-03-05,1,7.50,USD\n"
            b"A4,2,2026-03-05,1,-3,USD\n"
        )
        job = await done(bob, "orders", data)
        assert counts(job) == (4, 2, 0, 2)
        rows = await refused(bob, job)
        assert [row[1] for row in rows[1:]] == [
            "customer_id '99': there is no such customer",
            "amount: should be 0 or more; a refund is an order with the status refunded",
        ]
        ann = await Customer.find_one(Customer.external_id == "1")
        assert (ann.order_count, str(ann.total_spent)) == (2, "20.00")
        order = await Order.find_one(Order.number == "A1")
        assert (order.items[0].quantity, order.placed_at.isoformat()) == (2, "2026-02-28T18:30:00+00:00")
        assert counts(await done(bob, "orders", data)) == (4, 0, 2, 2)


class TestStopping:
    async def test_a_queued_import_is_cancelled_at_once(self, bob):
        job = await cancel_import(bob, (await start_import(bob, "customers", "a.csv", CUSTOMERS)).id)
        assert job.status is ImportStatus.CANCELLED
        assert await run_import(job.id) is None
        assert await collection(f"{storage.BUCKET}.files").count_documents({}) == 0
        with pytest.raises(Conflict):
            await cancel_import(bob, job.id)

    async def test_a_running_one_ends_between_batches_and_its_counts_are_true(self, bob, monkeypatch):
        monkeypatch.setattr("app.imports.batches.BATCH_ROWS", 10)
        job = await start_import(bob, "customers", "a.csv", people(500))
        real, calls = loader.bulk_upsert, 0

        async def cancelling(member, rows):
            nonlocal calls
            calls += 1
            if calls == 3:
                await cancel_import(bob, job.id)
            return await real(member, rows)

        monkeypatch.setattr(loader, "bulk_upsert", cancelling)
        job = await run_import(job.id)
        assert job.status is ImportStatus.CANCELLED
        assert job.total == job.created == await Customer.find_all().count() < 100

    async def test_an_import_goes_on_where_a_dead_worker_left_it(self, bob, monkeypatch):
        monkeypatch.setattr("app.imports.batches.BATCH_ROWS", 10)
        job = await start_import(bob, "customers", "a.csv", people(95) + b"x,y\n")
        real = loader.bulk_upsert
        begun = count(1)

        async def dying(member, rows):
            if next(begun) > 4:
                raise Unavailable("The database is away.")
            return await real(member, rows)

        monkeypatch.setattr(loader, "bulk_upsert", dying)
        with pytest.raises(Unavailable):
            await run_import(job.id)
        halfway = await get_import(bob, job.id)
        assert (halfway.status, halfway.lease_owner) == (ImportStatus.RUNNING, None)
        assert 0 < halfway.total < 95
        assert await due_imports() == [job.id]
        monkeypatch.setattr(loader, "bulk_upsert", real)
        job = await run_import(job.id)
        assert job.status is ImportStatus.DONE
        assert (job.total, job.created + job.updated, job.rejected) == (96, 95, 1)
        assert await Customer.find_all().count() == 95
        assert len(await refused(bob, job)) == 2

    async def test_only_one_worker_has_it(self, bob):
        job = await start_import(bob, "customers", "a.csv", people(2_500))
        ran = await asyncio.gather(*(run_import(job.id) for _ in range(4)))
        assert [counts(each) for each in ran if each] == [(2_500, 2_500, 0, 0)]

    async def test_a_worker_that_lost_its_lease_stops(self, bob, monkeypatch):
        monkeypatch.setattr("app.imports.batches.BATCH_ROWS", 10)
        job = await start_import(bob, "customers", "a.csv", people(100))
        real = loader.bulk_upsert

        async def slow(member, rows):
            await collection("imports").update_one({"_id": job.id}, {"$set": {"lease_owner": "somebody else"}})
            return await real(member, rows)

        monkeypatch.setattr(loader, "bulk_upsert", slow)
        assert await run_import(job.id) is None
        assert (await get_import(bob, job.id)).total == 0

    async def test_an_import_that_kills_its_worker_is_given_up(self, bob):
        job = await start_import(bob, "customers", "a.csv", CUSTOMERS)
        past = now() - timedelta(minutes=5)
        crashed = {"status": "running", "lease_until": past, "attempts": jobs.MOST_ATTEMPTS}
        await collection("imports").update_one({"_id": job.id}, {"$set": crashed})
        job = await run_import(job.id)
        assert job.status is ImportStatus.FAILED
        assert "stopped 5 times" in job.error

    async def test_a_defect_is_written_on_the_job(self, bob, monkeypatch):
        async def broken(member, rows):
            raise ZeroDivisionError

        monkeypatch.setattr(loader, "bulk_upsert", broken)
        job = await done(bob, "customers", CUSTOMERS)
        assert job.status is ImportStatus.FAILED
        assert "ZeroDivisionError" in job.error


class TestDue:
    async def test_a_message_that_was_lost_is_sent_again_after_a_while(self, bob):
        job = await start_import(bob, "customers", "a.csv", CUSTOMERS)
        assert await due_imports() == []
        await collection("imports").update_one({"_id": job.id}, {"$set": {"enqueued_at": now() - 2 * jobs.REPEAT}})
        assert await due_imports() == [job.id]
        assert await due_imports() == []
        await run_import(job.id)
        assert await due_imports() == []

    async def test_a_command_that_was_killed_is_settled(self, bob):
        past = now() - timedelta(minutes=2)
        job = await ImportJob(
            kind="customers", filename="a.csv", status=ImportStatus.RUNNING, lease_owner="gone", lease_until=past
        ).insert()
        assert await due_imports() == []
        job = await get_import(bob, job.id)
        assert (job.status, job.finished) == (ImportStatus.FAILED, True)
        assert "import the file again" in job.error


class TestReading:
    async def test_pages_and_strangers(self, bob):
        started = [await start_import(bob, "customers", f"{n}.csv", CUSTOMERS) for n in range(3)]
        page, cursor = await list_imports(bob, limit=2)
        rest, end = await list_imports(bob, limit=2, cursor=cursor)
        assert [job.id for job in (*page, *rest)] == [job.id for job in reversed(started)]
        assert end is None
        for unknown in ("nonsense", "665f1c2e9b1d8a0012345678"):
            with pytest.raises(NotFound):
                await get_import(bob, unknown)

    async def test_an_upload_is_looked_at_without_keeping_it(self, bob):
        seen = await inspect_upload(bob, "customers", b"who;when\nann@x.com;03/04/2026\n")
        assert (seen.columns, seen.rows) == (["who", "when"], [["ann@x.com", "03/04/2026"]])
        assert seen.problem.startswith("mapping: No column for external_id")
        seen = await inspect_upload(bob, "customers", b"who;when\nann@x.com;2026\n", {"who": "email"})
        assert (seen.mapping, seen.ignored_columns, seen.problem) == ({"who": "email"}, ["when"], None)
        assert await collection(f"{storage.BUCKET}.files").count_documents({}) == 0


class TestInline:
    async def test_progress_is_told(self, alice, tmp_path, monkeypatch):
        monkeypatch.setattr("app.imports.batches.BATCH_ROWS", 10)
        path = tmp_path / "list.csv"
        path.write_bytes(people(25))
        told: list[int] = []
        job = await import_file(alice, "customers", path, None, lambda job: told.append(job.total))
        assert (job.status, told, job.filename) == (ImportStatus.DONE, [10, 20, 25], "list.csv")

    async def test_an_unusable_file_raises_and_records_nothing(self, alice, tmp_path):
        with pytest.raises(InvalidInput, match="cannot be read"):
            await import_file(alice, "customers", tmp_path / "nothing.csv")
        assert await ImportJob.find_all().count() == 0

    async def test_an_interrupted_one_says_so(self, alice, tmp_path, monkeypatch):
        async def interrupted(member, rows):
            raise asyncio.CancelledError

        monkeypatch.setattr(loader, "bulk_upsert", interrupted)
        path = tmp_path / "list.csv"
        path.write_bytes(people(5))
        with pytest.raises(asyncio.CancelledError):
            await import_file(alice, "customers", path)
        page, _ = await list_imports(alice)
        assert [(job.status, job.error) for job in page] == [(ImportStatus.FAILED, jobs.INTERRUPTED)]


def test_the_service_offers_what_others_call():
    assert set(service.__all__) >= {"start_import", "run_import", "get_import", "cancel_import", "rejects_csv"}
