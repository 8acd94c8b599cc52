"""The description says what any route may answer."""

from __future__ import annotations

from fastapi import FastAPI

from app.api.problems import MEDIA_TYPE


def test_what_every_route_may_answer_is_described(app: FastAPI):
    document = app.openapi()
    operations = [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if path.startswith("/api/")
    ]
    assert len(operations) > 70
    for method, path, operation in operations:
        answers = operation["responses"]
        wanted = {"429"} | ({"413", "422"} if "requestBody" in operation else set())
        assert wanted <= set(answers), (method, path)
        for status, answer in answers.items():
            if status >= "400":
                assert list(answer["content"]) == [MEDIA_TYPE], (method, path, status)


async def test_a_form_that_cannot_be_read_is_wrong_input(owner):
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await owner.post("/api/imports", content=b"--x\r\n\xf1--x--\r\n", headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body")


async def test_nul_in_a_parameter_is_wrong_input(owner):
    for path in ("campaigns", "customers", "segments", "orders", "deliveries"):
        answer = await owner.get(f"/api/{path}", params={"search": "a\0b"})
        assert answer.status_code == 422, path
        assert answer.json()["errors"] == [{"field": "search", "message": "should not hold a NUL character"}]
