"""Where requests may be sent to, whatever a name leads to at the moment."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from app.channels.base import Unreachable
from app.channels.http_sender import HttpSender, Post
from app.checkup import State, outgoing_findings
from app.errors import SettingsError
from app.outgoing import places
from app.outgoing.addresses import is_public
from app.outgoing.places import Refused, addresses_of
from app.outgoing.transport import GuardedTransport
from app.settings import Settings, read_settings, use_settings
from tests.fakes.vendor import Say, Vendor


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "100.64.0.1"),
        *("172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
        *("240.0.0.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1"),
        *("fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001::1", "2001:db8::1"),
    ],
)
def test_addresses_that_are_not_of_the_public_internet(address: str):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_that_are(address: str):
    assert is_public(address)


class Names:
    """A name server that says one thing after the other."""

    def __init__(self) -> None:
        self.answers: list[list[str]] = []
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def names(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Names:
    server = Names()
    monkeypatch.setattr(places, "look_up", server)
    return server


async def test_a_name_is_only_as_good_as_where_it_leads(names: Names):
    names.answers = [["10.0.0.5"]]
    with pytest.raises(Refused, match=r"gateway\.example leads to 10\.0\.0\.5, which is a private address"):
        await addresses_of("gateway.example", 80)
    names.answers = [["10.0.0.5", "1.1.1.1", "::1"]]
    assert await addresses_of("gateway.example", 80) == ["1.1.1.1"]
    names.answers = [["127.0.0.1"]]
    for spelled in ("127.1", "0x7f000001", "2130706433", "017700000001", "Metadata.Google.Internal."):
        with pytest.raises(Refused):
            await addresses_of(spelled, 80)


async def test_what_was_written_in_digits_was_meant(names: Names):
    names.answers = [["127.0.0.1", "::1"]]
    assert await addresses_of("127.0.0.1", 80) == ["127.0.0.1"]
    assert await addresses_of("[::1]", 80) == ["::1"]
    assert await addresses_of("10.0.0.5", 80) == ["10.0.0.5"]
    assert await addresses_of("LOCALHOST", 80) == ["127.0.0.1", "::1"]
    names.answers = [["10.0.0.5"]]
    with pytest.raises(Refused):
        await addresses_of("localhost", 80)


async def test_a_listed_name_may_lead_home(names: Names, settings: Settings):
    names.answers = [["10.0.0.5"]]
    use_settings(settings.model_copy(update={"outgoing_private_hosts": "other,gateway.internal"}))
    assert await addresses_of("Gateway.Internal", 80) == ["10.0.0.5"]
    with pytest.raises(Refused):
        await addresses_of("gateway.internal.example", 80)


def test_the_list_is_of_names():
    read = read_settings(_env_file=None, outgoing_private_hosts=" Gateway.Internal., ollama ,")
    assert read.outgoing_private_hosts == "gateway.internal,ollama"
    with pytest.raises(SettingsError, match="OUTGOING_PRIVATE_HOSTS: should be names"):
        read_settings(_env_file=None, outgoing_private_hosts="http://gateway")


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor(Say(200)) as server:
        yield server


async def sent(url: str) -> str:
    """What becomes of one message, or why it was not offered."""
    sender = HttpSender(url, setting="SMS_URL")
    try:
        outcome = (await sender.send([Post(id="c:1", body=b"{}")]))[0]
        return outcome.words or outcome.result.value
    finally:
        await sender.close()


async def test_nothing_is_sent_to_a_name_that_leads_home(names: Names, vendor: Vendor):
    names.answers = [["127.0.0.1"]]
    port = httpx.URL(vendor.url).port
    words = await sent(f"http://sms.example:{port}/")
    assert words == (
        f"sms.example:{port} cannot be reached: sms.example leads to 127.0.0.1, which is a private address; nothing is "
        "sent there unless OUTGOING_PRIVATE_HOSTS lists the name (SMS_URL)."
    )
    assert vendor.got == []
    assert await sent(vendor.url) == "accepted"
    assert len(vendor.got) == 1


async def test_a_refusal_makes_the_campaign_wait(names: Names, vendor: Vendor):
    names.answers = [["169.254.169.254"]]
    sender = HttpSender("http://sms.example/", setting="SMS_URL")
    await sender.send([Post(id="c:1", body=b"{}")])
    with pytest.raises(Unreachable, match="private address"):
        await sender.ready()
    await sender.close()


async def test_a_name_that_changes_its_mind_gains_nothing(names: Names, vendor: Vendor, settings: Settings):
    """First it leads to a public address, at the second look home: the address that was judged is the one dialled."""
    port = httpx.URL(vendor.url).port
    names.answers = [["192.0.2.1"], ["127.0.0.1"]]
    use_settings(settings.model_copy(update={"outgoing_private_hosts": "rebind.example"}))
    dialled: list[str] = []
    transport = GuardedTransport(httpx.Limits())
    backend = transport._pool._network_backend
    real = backend._inner.connect_tcp

    async def dial(address: str, *more: object) -> object:
        dialled.append(address)
        return await real("127.0.0.1", *more)

    backend._inner.connect_tcp = dial
    async with httpx.AsyncClient(transport=transport) as client:
        answer = await client.post(f"http://rebind.example:{port}/", content=b"{}")
    assert answer.status_code == 200
    assert (names.asked, dialled) == (["rebind.example"], ["192.0.2.1"])


async def test_the_next_address_is_tried_when_one_does_not_answer(names: Names, vendor: Vendor, settings: Settings):
    use_settings(settings.model_copy(update={"outgoing_private_hosts": "two.example"}))
    names.answers = [["127.0.0.2", "127.0.0.1"]]
    with socket.create_server(("127.0.0.2", 0)) as closed:
        closed.close()
        assert await sent(f"http://two.example:{httpx.URL(vendor.url).port}/") == "accepted"


async def test_doctor_says_where_requests_would_go(names: Names, settings: Settings):
    names.answers = [["10.0.0.5"]]
    asked = settings.model_copy(update={"sms_url": "http://sms.example/x", "webhook_url": "http://127.0.0.1:9000"})
    sms, webhook = await outgoing_findings(asked)
    assert (sms.check, sms.state) == ("SMS_URL", State.FAIL)
    assert "private address" in sms.found
    assert (webhook.check, webhook.state, webhook.found) == ("WEBHOOK_URL", State.OK, "127.0.0.1: 127.0.0.1")
