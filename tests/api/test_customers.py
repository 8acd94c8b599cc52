"""`/api/customers` over HTTP."""

from __future__ import annotations

from app.database import collection
from models import Customer, Suppression


def fields_of(response) -> set[str]:
    return {error["field"] for error in response.json()["errors"]}


class TestCreate:
    async def test_it_answers_what_it_stored(self, marketer):
        body = {
            "name": "  Ann   Lee ",
            "email": "Ann@Example.com",
            "phone": "030 1234567",
            "country": "de",
            "accepts_marketing": True,
            "tags": ["VIP", "vip", " new "],
            "attributes": {"shoe_size": 42, "level": "gold"},
            "birthday": "1990-02-28",
            "signed_up_at": "2026-01-01",
        }
        response = await marketer.post("/api/customers", json=body)
        assert response.status_code == 201, response.text
        found = response.json()
        assert (found["first_name"], found["last_name"], found["name"]) == ("Ann", "Lee", "Ann Lee")
        assert (found["phone"], found["country"], found["email_opt_in"]) == ("+49301234567", "DE", True)
        assert (found["tags"], found["attributes"]) == (["VIP", "new"], {"shoe_size": 42, "level": "gold"})
        assert found["signed_up_at"] == "2025-12-31T18:30:00Z"  # midnight in Asia/Kolkata
        assert found["total_spent"] == "0"
        again = await marketer.get(f"/api/customers/{found['id']}")
        assert again.json() == found

    async def test_it_names_every_wrong_field(self, marketer):
        body = {"email": "nope", "phone": "12", "birthday": "31.12.1990", "citty": "Pune", "attributes": {"Bad Key": 1}}
        response = await marketer.post("/api/customers", json=body)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        assert fields_of(response) >= {"email", "birthday", "citty", "attributes"}
        message = next(e["message"] for e in response.json()["errors"] if e["field"] == "citty")
        assert "did you mean city?" in message

    async def test_a_phone_without_its_country_says_what_is_missing(self, marketer):
        response = await marketer.post("/api/customers", json={"phone": "030 1234567"})
        assert response.status_code == 422
        assert fields_of(response) == {"phone"}

    async def test_it_needs_something_to_tell_the_customer_by(self, marketer):
        response = await marketer.post("/api/customers", json={"city": "Pune"})
        assert response.status_code == 422
        assert "one of email, phone, external_id or a name" in response.json()["detail"]

    async def test_a_taken_email_or_id_is_a_conflict_naming_the_field(self, marketer):
        await marketer.post("/api/customers", json={"email": "ann@example.com", "external_id": "1"})
        email = await marketer.post("/api/customers", json={"email": "ANN@example.com"})
        number = await marketer.post("/api/customers", json={"external_id": "1"})
        assert (email.status_code, fields_of(email)) == (409, {"email"})
        assert (number.status_code, fields_of(number)) == (409, {"external_id"})
        assert await Customer.count() == 1


class TestUpdate:
    async def test_only_what_is_given_changes(self, marketer):
        customer = await Customer(email="a@example.com", city="Pune", attributes={"a": 1, "b": 2}, tags=["x"]).insert()
        response = await marketer.patch(
            f"/api/customers/{customer.id}", json={"city": "Mumbai", "attributes": {"a": None, "c": 3}}
        )
        assert response.status_code == 200, response.text
        found = response.json()
        assert (found["city"], found["email"], found["tags"]) == ("Mumbai", "a@example.com", ["x"])
        assert found["attributes"] == {"b": 2, "c": 3}
        raw = await collection("customers").find_one({"_id": customer.id})
        assert raw["folded"]["city"] == "mumbai"

    async def test_a_phone_is_read_as_of_the_customers_country(self, marketer):
        customer = await Customer(email="a@example.com", country="IN").insert()
        response = await marketer.patch(f"/api/customers/{customer.id}", json={"phone": "98765 43210"})
        assert response.json()["phone"] == "+919876543210"

    async def test_the_last_thing_to_tell_by_cannot_be_taken(self, marketer):
        customer = await Customer(email="a@example.com").insert()
        response = await marketer.patch(f"/api/customers/{customer.id}", json={"email": None})
        assert response.status_code == 422

    async def test_rollups_cannot_be_written(self, marketer):
        customer = await Customer(email="a@example.com").insert()
        response = await marketer.patch(f"/api/customers/{customer.id}", json={"total_spent": 5})
        assert (response.status_code, fields_of(response)) == (422, {"total_spent"})


class TestList:
    async def test_pages_show_everybody_once(self, viewer):
        for number in range(7):
            await Customer(first_name=f"N{number}", order_count=number % 3).insert()
        for sort in ("name", "-name", "order_count", "-order_count", "last_order_at", "-last_order_at", "-total_spent"):
            seen: list[str] = []
            cursor = None
            while True:
                params = {"sort": sort, "limit": 2} | ({"cursor": cursor} if cursor else {})
                page = (await viewer.get("/api/customers", params=params)).json()
                seen += [item["id"] for item in page["items"]]
                cursor = page["next_cursor"]
                if cursor is None:
                    break
            assert (len(seen), len(set(seen))) == (7, 7), sort

    async def test_search_finds_by_words_in_any_order_email_phone_and_id(self, marketer):
        ann = await Customer(
            first_name="Ann",
            last_name="Lee",
            email="ann.lee@shop.example.com",
            phone="+919876543210",
            external_id="C-7",
        ).insert()
        await Customer(first_name="Bob", last_name="Ray").insert()
        for search in ("lee ann", "ANN", "ann.lee@", "+91 98765", "c-7", "shop"):
            page = (await marketer.get("/api/customers", params={"search": search})).json()
            assert [item["id"] for item in page["items"]] == [str(ann.id)], search
        assert (await marketer.get("/api/customers", params={"search": "a.*"})).json()["items"] == []

    async def test_it_refuses_what_it_does_not_know(self, viewer):
        for params, field in (
            ({"sort": "email"}, "sort"),
            ({"limit": 0}, "limit"),
            ({"limit": 201}, "limit"),
            ({"limit": "many"}, "limit"),
            ({"cursor": "nonsense"}, "cursor"),
            ({"serach": "x"}, "serach"),
            ({"search": "x" * 201}, "search"),
        ):
            response = await viewer.get("/api/customers", params=params)
            assert (response.status_code, fields_of(response)) == (422, {field}), params

    async def test_a_cursor_of_another_sort_is_refused(self, viewer):
        for number in range(3):
            await Customer(first_name=f"N{number}").insert()
        cursor = (await viewer.get("/api/customers", params={"limit": 1, "sort": "name"})).json()["next_cursor"]
        response = await viewer.get("/api/customers", params={"limit": 1, "sort": "-name", "cursor": cursor})
        assert (response.status_code, fields_of(response)) == (422, {"cursor"})


class TestBulk:
    async def test_good_rows_are_written_and_wrong_ones_named(self, marketer):
        rows = [
            {"external_id": "1", "email": "a@example.com", "first_name": "A", "city": "Pune"},
            {"external_id": "1", "first_name": "B"},
            {"email": "A@example.com", "last_name": "C"},
            {"external_id": "2", "email": "a@example.com"},
            {"external_id": "3", "email": "nope", "colour": "red"},
            {"first_name": "Nobody"},
            "text",
        ]
        response = await marketer.post("/api/customers/bulk", json=rows)
        assert response.status_code == 200, response.text
        found = response.json()
        assert (found["created"], found["updated"]) == (1, 2)
        wrong = {(error["index"], error["field"]) for error in found["errors"]}
        assert wrong == {(3, "email"), (4, "email"), (4, "colour"), (5, "email"), (6, "")}
        customer = await Customer.find_one()
        assert customer is not None
        assert (customer.name, customer.city, customer.external_id) == ("B C", "Pune", "1")

    async def test_a_thousand_rows_at_most(self, marketer):
        response = await marketer.post("/api/customers/bulk", json=[{"external_id": str(n)} for n in range(1_001)])
        assert response.status_code == 422
        assert await Customer.count() == 0


class TestPersonalData:
    async def test_erase_takes_the_person_out_and_keeps_the_numbers(self, owner, marketer):
        created = (await marketer.post("/api/customers", json={"email": "Ann@example.com", "name": "Ann Lee"})).json()
        await marketer.post("/api/orders", json={"customer_id": created["id"], "amount": "12.50"})
        response = await owner.post(f"/api/customers/{created['id']}/erase")
        assert response.status_code == 200, response.text
        found = response.json()
        assert (found["email"], found["name"], found["order_count"], found["total_spent"]) == (None, "", 1, "12.50")
        raw = await collection("customers").find_one({})
        assert "ann" not in str(raw).lower()
        suppression = await Suppression.find_one()
        assert suppression is not None
        assert (suppression.address, suppression.reason) == ("ann@example.com", "erased")

    async def test_export_holds_everything(self, viewer, marketer):
        created = (await marketer.post("/api/customers", json={"email": "ann@example.com"})).json()
        await marketer.post("/api/orders", json={"customer_id": created["id"], "amount": "12.50", "number": "7"})
        assert (await viewer.get(f"/api/customers/{created['id']}/export")).status_code == 403
        found = (await marketer.get(f"/api/customers/{created['id']}/export")).json()
        assert found["customer"]["email"] == "ann@example.com"
        assert [(order["number"], order["amount"]) for order in found["orders"]] == [("7", "12.50")]

    async def test_delete_takes_the_orders_along(self, owner, marketer):
        created = (await marketer.post("/api/customers", json={"email": "ann@example.com"})).json()
        await marketer.post("/api/orders", json={"customer_id": created["id"], "amount": 1})
        assert (await owner.delete(f"/api/customers/{created['id']}")).status_code == 204
        assert (await owner.delete(f"/api/customers/{created['id']}")).status_code == 404
        assert await collection("orders").count_documents({}) == 0

    async def test_the_timeline_pages_through_everything_once(self, viewer, marketer):
        created = (await marketer.post("/api/customers", json={"email": "ann@example.com"})).json()
        for day in (1, 1, 2, 3, 3, 3):
            await marketer.post(
                "/api/orders",
                json={"customer_id": created["id"], "amount": 1, "placed_at": f"2026-01-0{day}T00:00:00Z"},
            )
        seen = []
        cursor = None
        while True:
            params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await viewer.get(f"/api/customers/{created['id']}/timeline", params=params)).json()
            seen += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert [event["kind"] for event in seen] == ["signed_up", *["order"] * 6]
        assert len({event["order"]["id"] for event in seen[1:]}) == 6
        assert [event["at"] for event in seen] == sorted((event["at"] for event in seen), reverse=True)


async def test_ids_that_cannot_be_are_not_found(owner):
    for id in ("x", "0" * 24, "z" * 24, "%00", "a" * 500):
        for method, path in (("GET", ""), ("GET", "/timeline"), ("GET", "/export"), ("POST", "/erase"), ("DELETE", "")):
            response = await owner.request(method, f"/api/customers/{id}{path}")
            assert response.status_code == 404, (method, id, path, response.text)
            assert response.headers["content-type"] == "application/problem+json"
