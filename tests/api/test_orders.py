"""`/api/orders` over HTTP; what the service refuses is tested with the service."""

from __future__ import annotations

from models import Customer


async def test_an_order_and_its_customers_figures(marketer, viewer):
    await Customer(email="ann@example.com", external_id="7").insert()
    body = {
        "customer_email": "ann@example.com",
        "number": 1001,
        "amount": "129.90",
        "items": [{"product": "Trail shoe", "category": "Shoes", "quantity": 2, "price": 64.95}],
        "placed_at": "2026-01-01T10:00:00+01:00",
    }
    response = await marketer.post("/api/orders", json=body)
    assert response.status_code == 201, response.text
    found = response.json()
    assert (found["number"], found["amount"], found["currency"]) == ("1001", "129.90", "USD")
    assert found["items"] == [{"product": "Trail shoe", "category": "Shoes", "quantity": 2, "price": "64.95"}]
    assert found["placed_at"] == "2026-01-01T09:00:00Z"
    customer = (await viewer.get(f"/api/customers/{found['customer_id']}")).json()
    assert (customer["order_count"], customer["total_spent"], customer["average_order_value"]) == (
        1,
        "129.90",
        "129.90",
    )
    again = await marketer.post("/api/orders", json=body)
    assert (again.status_code, again.json()["errors"][0]["field"]) == (409, "number")
    changed = await marketer.patch(f"/api/orders/{found['id']}", json={"status": "refunded"})
    assert (changed.status_code, changed.json()["status"]) == (200, "refunded")
    customer = (await viewer.get(f"/api/customers/{found['customer_id']}")).json()
    assert (customer["order_count"], customer["total_spent"], customer["average_order_value"]) == (0, "0", None)


async def test_lists_and_refusals(marketer, viewer):
    customer = await Customer(external_id="7").insert()
    rows = [{"customer_external_id": "7", "amount": n, "number": f"A{n}"} for n in range(3)]
    answer = (await marketer.post("/api/orders/bulk", json=[*rows, {"amount": 1}])).json()
    assert (answer["created"], [error["index"] for error in answer["errors"]]) == (3, [3])
    page = (await viewer.get("/api/orders", params={"customer_id": str(customer.id), "sort": "-amount"})).json()
    assert [order["number"] for order in page["items"]] == ["A2", "A1", "A0"]
    for params in ({"customer_id": "x"}, {"status": "lost"}, {"sort": "coupon"}, {"customer": "7"}):
        assert (await viewer.get("/api/orders", params=params)).status_code == 422, params
    assert (await viewer.get("/api/orders/x")).status_code == 404
