"""Keys for programs: what they may do, how they end, and that nobody reads them afterwards."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from app.auth.membership import change_role, set_active
from app.database import collection
from models import ApiKey, Member
from models.member import Role
from models.values import now

SCOPES = ["customers.read", "segments.read"]


async def make(client: httpx.AsyncClient, **more) -> dict:
    response = await client.post("/api/keys", json={"name": "Import", "scopes": SCOPES, **more})
    assert response.status_code == 201, response.text
    return response.json()


@pytest.fixture
async def program(app, marketer) -> httpx.AsyncClient:
    """A client that has nothing but a key of Bob's."""
    secret = (await make(marketer))["secret"]
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://cohort.test", headers={"Authorization": f"Bearer {secret}"}
    ) as client:
        yield client


class TestWhatAKeyMayDo:
    async def test_it_acts_as_its_member_within_its_scopes(self, program):
        me = (await program.get("/api/me")).json()
        assert (me["email"], me["permissions"]) == ("bob@example.com", SCOPES)
        assert (await program.get("/api/customers")).status_code == 200
        refused = await program.post("/api/customers", json={"name": "X"})
        assert refused.status_code == 403
        assert "customers.write" in refused.json()["detail"]

    async def test_the_role_still_counts(self, program, alice, bob):
        await change_role(alice, bob.id, Role.VIEWER)
        assert (await program.get("/api/customers")).status_code == 200
        await set_active(alice, bob.id, False)
        assert (await program.get("/api/customers")).status_code == 401

    async def test_a_key_cannot_make_another(self, program):
        for answer in (
            await program.post("/api/keys", json={"name": "More", "scopes": SCOPES}),
            await program.get("/api/keys"),
            await program.delete(f"/api/keys/{'0' * 24}"),
        ):
            assert answer.status_code == 403

    async def test_nobody_grants_more_than_they_have(self, viewer):
        response = await viewer.post("/api/keys", json={"name": "X", "scopes": ["customers.read", "campaigns.send"]})
        assert response.status_code == 422
        assert [one["field"] for one in response.json()["errors"]] == ["scopes[1]"]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"scopes": SCOPES}, "name"),
            ({"name": "", "scopes": SCOPES}, "name"),
            ({"name": "a\nb", "scopes": SCOPES}, "name"),
            ({"name": "x" * 81, "scopes": SCOPES}, "name"),
            ({"name": "X", "scopes": []}, "scopes"),
            ({"name": "X", "scopes": ["everything"]}, "scopes[0]"),
            ({"name": "X", "scopes": SCOPES, "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
            ({"name": "X", "scopes": SCOPES, "expires_at": "soon"}, "expires_at"),
            ({"name": "X", "scopes": SCOPES, "role": "owner"}, "role"),
        ],
    )
    async def test_what_is_wrong_is_named(self, owner, body, field):
        response = await owner.post("/api/keys", json=body)
        assert response.status_code == 422, response.text
        assert response.json()["errors"][0]["field"] == field


class TestHowAKeyIsKept:
    async def test_only_its_hash_and_its_beginning_are(self, owner):
        made = await make(owner)
        assert made["secret"].startswith(made["start"])
        kept = await collection("api_keys").find_one({})
        assert made["secret"] not in str(kept)
        listed = (await owner.get("/api/keys")).json()["items"][0]
        assert "secret" not in listed
        assert "digest" not in listed
        assert listed["name"] == "Import"

    async def test_its_last_use_is_shown(self, program, marketer):
        assert (await marketer.get("/api/keys")).json()["items"][0]["last_used_at"] is None
        await program.get("/api/customers")
        assert (await marketer.get("/api/keys")).json()["items"][0]["last_used_at"]

    async def test_everybody_sees_their_own(self, owner, marketer):
        made = await make(marketer)
        assert (await owner.get("/api/keys")).json()["items"] == []
        assert (await owner.post(f"/api/keys/{made['id']}/rotate")).status_code == 404
        assert (await owner.delete(f"/api/keys/{made['id']}")).status_code == 204


class TestHowAKeyEnds:
    async def test_revoked_it_ends_at_once(self, program, marketer):
        (key,) = (await marketer.get("/api/keys")).json()["items"]
        assert (await marketer.delete(f"/api/keys/{key['id']}")).status_code == 204
        assert (await program.get("/api/customers")).status_code == 401
        assert (await marketer.delete(f"/api/keys/{key['id']}")).status_code == 404

    async def test_another_member_cannot_revoke_it(self, program, viewer, marketer):
        (key,) = (await marketer.get("/api/keys")).json()["items"]
        assert (await viewer.delete(f"/api/keys/{key['id']}")).status_code == 404
        assert (await program.get("/api/customers")).status_code == 200

    async def test_it_expires(self, program):
        moment = now() - timedelta(seconds=1)
        await collection("api_keys").update_many({}, {"$set": {"expires_at": moment}})
        assert (await program.get("/api/customers")).status_code == 401

    async def test_rotated_the_old_secret_is_good_for_its_grace(self, program, marketer):
        (key,) = (await marketer.get("/api/keys")).json()["items"]
        fresh = (await marketer.post(f"/api/keys/{key['id']}/rotate", json={"grace_hours": 1})).json()
        assert fresh["start"] != key["start"]
        assert (await program.get("/api/customers")).status_code == 200
        lapsed = {"previous_until": now() - timedelta(seconds=1)}
        await collection("api_keys").update_many({}, {"$set": lapsed})
        assert (await program.get("/api/customers")).status_code == 401
        program.headers["Authorization"] = f"Bearer {fresh['secret']}"
        assert (await program.get("/api/customers")).status_code == 200

    async def test_rotated_without_grace_the_old_secret_ends(self, program, marketer):
        (key,) = (await marketer.get("/api/keys")).json()["items"]
        assert (await marketer.post(f"/api/keys/{key['id']}/rotate", json={"grace_hours": 0})).status_code == 200
        assert (await program.get("/api/customers")).status_code == 401
        assert (await marketer.post(f"/api/keys/{key['id']}/rotate", json={"grace_hours": 169})).status_code == 422

    async def test_what_looks_like_a_key_is_none(self, stranger, database):
        for text in ("cohort_", "cohort_" + "x" * 43, "cohort_\ud800", "Cohort_x"):
            headers = {"Authorization": b"Bearer " + text.encode("utf-8", "replace")}
            assert (await stranger.get("/api/me", headers=headers)).status_code == 401

    async def test_it_is_no_cookie(self, stranger, marketer):
        secret = (await make(marketer))["secret"]
        stranger.cookies.set("cohort_session", secret)
        assert (await stranger.get("/api/me")).status_code == 401
        assert await ApiKey.find(ApiKey.last_used_at != None).count() == 0  # noqa: E711  # Beanie's operator


async def test_a_limited_member_is_the_same_member(bob: Member) -> None:
    limited = bob.limited_to(frozenset(SCOPES))
    assert (limited.id, limited.scopes, bob.scopes) == (bob.id, frozenset(SCOPES), None)
