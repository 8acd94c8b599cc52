"""The signature of a callback."""

from __future__ import annotations

import hashlib
import hmac
import time

import pytest
from pydantic import SecretStr

from app.errors import NotSignedIn
from app.receipts.signature import check_body, read_header, receipts_secret, sign
from app.settings import Settings, use_settings

BODY = b'{"event": "delivered"}'


def test_the_signature_is_what_the_documentation_says(settings: Settings):
    use_settings(settings.model_copy(update={"receipts_secret": SecretStr("shared secret")}))
    moment = int(time.time())
    digest = hmac.new(b"shared secret", f"{moment}.".encode() + BODY, hashlib.sha256).hexdigest()
    assert sign(BODY, at=moment) == f"t={moment},v1={digest}"
    check_body(BODY, *read_header(f"t={moment},v1={digest}"))


def test_without_a_setting_the_secret_follows_from_the_key_and_is_not_the_key(settings: Settings):
    first = receipts_secret()
    assert len(first) == 64
    assert settings.secret_key.get_secret_value() not in first
    use_settings(settings.model_copy(update={"secret_key": SecretStr("x" * 40)}))
    assert receipts_secret() != first


def test_one_of_several_signatures_is_enough(settings: Settings):
    header = sign(BODY)
    moment, _, right = header.partition(",")
    check_body(BODY, *read_header(f"{moment},v1={'0' * 64},{right}"))
    with pytest.raises(NotSignedIn, match="does not fit"):
        check_body(BODY, *read_header(f"{moment},v1={'0' * 64}"))


@pytest.mark.parametrize("age", [301, -302, 10**6])
def test_an_old_one_and_one_of_the_future_are_refused(settings: Settings, age: int):
    with pytest.raises(NotSignedIn, match="5 minutes"):
        read_header(sign(BODY, at=int(time.time()) - age))


@pytest.mark.parametrize("age", [0, 295, -295])
def test_clocks_may_differ_a_little(settings: Settings, age: int):
    check_body(BODY, *read_header(sign(BODY, at=int(time.time()) - age)))


@pytest.mark.parametrize(
    "header",
    [
        *("", "x", "t=1", "v1=00", "t=,v1=00", "t=1,t=1,v1=00", "t=-1,v1=00", "t=1e3,v1=00", "t=1,v1=ZZ", "t=1,v1=é"),
        *("t=1,v2=00", "t=" + "9" * 30 + ",v1=00", "t=1," + ",".join(["v1=00"] * 50), "t=1,v1=" + "0" * 65),
    ],
)
def test_another_form_is_refused(settings: Settings, header: str):
    with pytest.raises(NotSignedIn, match="should read"):
        read_header(header)


def test_a_changed_body_or_time_does_not_fit(settings: Settings):
    moment, signatures = read_header(sign(BODY))
    for body, at in ((BODY + b" ", moment), (b"", moment), (BODY, moment + 1)):
        with pytest.raises(NotSignedIn, match="does not fit"):
            check_body(body, at, signatures)
