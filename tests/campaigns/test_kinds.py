"""What each channel needs: addresses, consent, suppression, the message itself, test messages, whole campaigns."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from bson import ObjectId

from app.auth.tokens import short_links, sign_link
from app.campaigns.audience.contact import judge
from app.campaigns.audience.kinds import KINDS, number_ok, sms_parts
from app.campaigns.audience.reach import estimate
from app.campaigns.life import service
from app.campaigns.message.composing import compose, composer_for
from app.campaigns.message.unsubscribe import link_for, read_unsubscribe, unsubscribe
from app.campaigns.sending.chunk import send_chunk
from app.campaigns.sending.prepare import prepare
from app.channels.base import Message
from app.channels.ways_out import available, channel_of, check_available
from app.database import collection
from app.errors import InvalidInput, NotFound
from app.settings import Settings, use_settings
from models import Campaign, Customer, Delivery, Member, Suppression
from models.campaign import Channel
from models.values import fold
from tests.campaigns.conftest import add_people, add_segment, counts, draft, reload
from tests.fakes.vendor import DropAfter, Say, Vendor


@pytest.fixture
def vendor(mailing: Settings) -> Iterator[Vendor]:
    """A vendor for text messages and webhooks, named in the settings."""
    with Vendor() as one:
        url = one.url
        use_settings(mailing.model_copy(update={"sms_url": url, "webhook_url": url}))
        yield one


async def _sent(member: Member, **fields: Any) -> Campaign:
    """A campaign to everybody, as far as one pass over its chunk brings it."""
    made = await draft(member, [await add_segment("All")], **{"subject": "", "body": "Hi {{ shop }}", **fields})
    campaign = await service.send(member, made.id)
    assert campaign.id is not None
    await prepare(campaign.id)
    await send_chunk(f"{campaign.id}:0")
    return await reload(campaign)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("GSM-7", 0, 0)),
        ("a" * 160, ("GSM-7", 160, 1)),
        ("a" * 161, ("GSM-7", 161, 2)),
        ("a" * 306, ("GSM-7", 306, 2)),
        ("a" * 307, ("GSM-7", 307, 3)),
        ("€" * 80, ("GSM-7", 160, 1)),
        # An escaped letter never comes in two messages, so 153 septets hold 76 of these.
        ("€" * 153, ("GSM-7", 306, 3)),
        ("ñÅΔ¿\r\n", ("GSM-7", 6, 1)),
        ("ç", ("UCS-2", 1, 1)),
        ("ж" * 70, ("UCS-2", 70, 1)),
        ("ж" * 71, ("UCS-2", 71, 2)),
        ("ж" * 134, ("UCS-2", 134, 2)),
        ("ж" * 135, ("UCS-2", 135, 3)),
        ("😀" * 35, ("UCS-2", 70, 1)),
        ("😀" * 67, ("UCS-2", 134, 3)),
    ],
)
def test_parts_of_a_text_message(text: str, expected: tuple[str, int, int]):
    assert sms_parts(text) == expected


def test_the_table_has_every_channel_and_its_own_words():
    assert set(KINDS) == set(Channel)
    assert KINDS[Channel.SMS].no_address == "No phone number"
    assert KINDS[Channel.SMS].no_consent == "Has not agreed to receive text messages"
    assert [number_ok(one) for one in ("+49301234567", "0301234567", "+0123456789", "+4930123456789012")] == [
        True,
        False,
        False,
        False,
    ]


ADDRESSES = (("a{}@example.com", None, ""), ("+4930000{:04}", None, "030 {:04}"))


async def _everybody() -> list[ObjectId]:
    """One customer for each combination of address, number, consent and both do-not-contact lists."""
    ids: list[ObjectId] = []
    suppressed: list[Suppression] = []
    flags = itertools.product(*ADDRESSES, *[(False, True)] * 4)
    for number, (email, phone, by_email, by_phone, no_email, no_phone) in enumerate(flags):
        mail = email.format(number) if email else email
        call = phone.format(number) if phone else phone
        ids += await add_people(1, start=number, email=mail, phone=call, email_opt_in=by_email, sms_opt_in=by_phone)
        if no_email and mail:
            suppressed.append(Suppression(channel="email", address=fold(mail), reason="complained"))
        if no_phone and call:
            suppressed.append(Suppression(channel="sms", address=fold(call), reason="complained"))
    # The list of the other channel must not count.
    suppressed.append(Suppression(channel="email", address="+49300000000", reason="manual"))
    await Suppression.insert_many(suppressed)
    return ids


@pytest.mark.parametrize("channel", ["email", "sms", "webhook", "outbox", "simulator"])
async def test_the_estimate_says_what_the_sender_will_do(vendor, database, bob: Member, channel: str):
    ids = await _everybody()
    verdicts = await judge(ids, channel)
    told = await estimate(bob, [await add_segment("All")], channel=channel)
    assert told.audience == len(ids)
    assert told.reachable == sum(verdict.state is None for verdict in verdicts)
    assert dict(told.skipped) == Counter(verdict.reason for verdict in verdicts if verdict.state is not None)
    for verdict in verdicts:
        if verdict.state is None:
            assert verdict.address
            assert verdict.domain == ("example.com" if "@" in verdict.address else "")


async def test_how_a_webhook_chooses(vendor, database):
    both: dict[str, Any] = {"phone": "+49301234567"}
    ids = [
        *await add_people(1, start=1, **both, sms_opt_in=True),
        *await add_people(1, start=2, **both, email_opt_in=False, sms_opt_in=True),
        *await add_people(1, start=3, **both, email_opt_in=False),
    ]
    verdicts = await judge(ids, "webhook")
    assert [verdict.address for verdict in verdicts] == ["p1@example.com", "+49301234567", "p3@example.com"]
    assert [verdict.reason for verdict in verdicts] == [
        None,
        None,
        "Has agreed to receive neither email nor text messages",
    ]


async def test_a_campaign_of_text_messages(vendor: Vendor, database, bob: Member):
    vendor.script = [Say(202, {"sid": "SM1"}), Say(400, {"message": "Unknown subscriber"}), DropAfter()]
    await add_people(3, phone="+49301234567", sms_opt_in=True, email_opt_in=False)
    await add_people(1, start=3)
    await add_people(1, start=4, phone="+49301234567")
    campaign = await _sent(bob, channel="sms", body="Hi {{ customer.first_name }} & all")
    found = await counts(campaign)
    assert (found.sent, found.failed, found.unknown, found.skipped) == (1, 1, 1, 2)
    rows = {row.name: row for row in await Delivery.find_all().to_list()}
    assert rows["P3 Person"].reason == "No phone number"
    assert rows["P4 Person"].reason == "Has not agreed to receive text messages"
    sent = next(row for row in rows.values() if row.state == "sent")
    assert (sent.address, sent.domain, sent.channel) == ("+49301234567", "", "sms")
    assert (sent.reference, sent.server) == ("SM1", vendor.url.split("/")[2])
    assert next(row for row in rows.values() if row.state == "failed").reason == "400 Unknown subscriber"
    assert {post.json["text"] for post in vendor.got} == {f"Hi P{n} & all" for n in range(3)}
    assert {post.json["from"] for post in vendor.got} == {"Bean Shop"}
    assert sorted(vendor.ids) == sorted(row.id for row in rows.values() if row.state != "skipped")


async def test_a_campaign_to_a_webhook(vendor: Vendor, database, bob: Member):
    await add_people(1, attributes={"shoe_size": 42}, city="Köln")
    campaign = await _sent(bob, channel="webhook", subject="For {{ customer.first_name }}", body="Line one\r\nand two")
    assert (await counts(campaign)).sent == 1
    body = vendor.got[0].json
    assert (body["subject"], body["text"], body["to"]) == ("For P0", "Line one\nand two", "p0@example.com")
    assert body["campaign"] == {"id": str(campaign.id), "name": "Spring"}
    customer = body["customer"]
    assert (customer["city"], customer["total_spent"], customer["attributes"]) == ("Köln", "0", {"shoe_size": 42})
    assert body["id"] == f"{campaign.id}:{customer['id']}" == vendor.ids[0]


async def test_a_vendor_that_is_away_keeps_everybody_waiting(mailing, database, bob: Member):
    with Vendor() as gone:
        url = gone.url
    use_settings(mailing.model_copy(update={"sms_url": url}))
    await add_people(2, phone="+49301234567", sms_opt_in=True)
    campaign = await _sent(bob, channel="sms")
    found = await counts(campaign)
    assert (found.pending, found.sent, found.unknown) == (2, 0, 0)
    assert campaign.waiting_reason is not None
    assert "cannot be reached" in campaign.waiting_reason
    assert await Delivery.count() == 0


async def test_an_empty_text_fails_only_whom_it_concerns(vendor: Vendor, database, bob: Member):
    await add_people(1, phone="+49301234567", sms_opt_in=True, attributes={"code": "X1"})
    await add_people(1, start=1, phone="+49301234568", sms_opt_in=True)
    campaign = await _sent(bob, channel="sms", body="{{ customer.attributes.code }}")
    found = await counts(campaign)
    assert (found.sent, found.failed) == (1, 1)
    assert [post.json["text"] for post in vendor.got] == ["X1"]


async def test_leaving_by_a_link_in_a_text_message(vendor: Vendor, database, bob: Member):
    await add_people(1, phone="+49301234567", sms_opt_in=True)
    await _sent(bob, channel="sms", body="Bye: {{ unsubscribe_url }}")
    token = vendor.got[0].json["text"].rpartition("/u/")[2]
    assert (await unsubscribe(token)).address == "+49301234567"
    assert (await read_unsubscribe(token)).already
    suppression = await Suppression.find_one()
    assert suppression is not None
    assert (suppression.channel, suppression.address) == ("sms", "+49301234567")
    customer = await Customer.find_one()
    assert customer is not None
    assert (customer.sms_opt_in, customer.email_opt_in) == (False, True)


class TestLinks:
    async def test_those_sent_as_jwt_are_still_read(self, settings, database):
        customer = (await add_people(1))[0]
        old = sign_link("unsubscribe", {"c": str(ObjectId()), "p": str(customer)}, None)
        assert (await unsubscribe(old)).address == "p0@example.com"
        trial = sign_link("unsubscribe", {"c": "preview", "p": "trial"}, None)
        assert (await unsubscribe(trial)).address is None

    async def test_a_changed_one_is_refused(self, settings, database):
        customer = (await add_people(1))[0]
        token = link_for(ObjectId(), customer).rpartition("/u/")[2]
        assert len(token) == 54
        for place in range(len(token)):
            other = "A" if token[place] != "A" else "B"
            with pytest.raises(NotFound):
                await read_unsubscribe(token[:place] + other + token[place + 1 :])
        for wrong in (token[:-1], token + "A", token + "=", "", "A" * 22):
            with pytest.raises(NotFound):
                await read_unsubscribe(wrong)

    async def test_one_for_another_purpose_or_of_another_length_is_refused(self, settings, database):
        customer = (await add_people(1))[0]
        for token in (
            short_links("welcome")(ObjectId().binary + customer.binary),
            short_links("unsubscribe")(customer.binary),
            short_links("unsubscribe")(b""),
            short_links("unsubscrib")(b"e\0" + ObjectId().binary + customer.binary),
        ):
            with pytest.raises(NotFound):
                await unsubscribe(token)

    async def test_another_key_makes_them_void(self, settings, database):
        customer = (await add_people(1))[0]
        token = link_for(ObjectId(), customer).rpartition("/u/")[2]
        use_settings(settings.model_copy(update={"secret_key": type(settings.secret_key)("other" * 10)}))
        with pytest.raises(NotFound):
            await read_unsubscribe(token)


class TestComposer:
    def campaign(self, **fields: Any) -> dict[str, Any]:
        given = {"_id": ObjectId(), "version": 1, "name": "Spring", "subject": "Hi", "body": "x", "channel": "email"}
        return {**given, **fields}

    def message(self, campaign: dict[str, Any], **customer: Any) -> Message:
        given = {"_id": ObjectId(), "first_name": "Ann", "name": "Ann Lee", "email": "ann@example.com"}
        return compose(campaign, {**given, **customer})

    def test_it_is_kept_until_something_changes(self, settings: Settings):
        campaign = self.campaign()
        first = composer_for(campaign)
        assert composer_for(dict(campaign)) is first
        assert composer_for({**campaign, "body": "y"}) is not first
        assert composer_for({**campaign, "version": 2}) is not first
        use_settings(settings.model_copy(update={"mail_from": "Else <else@beans.example>"}))
        assert self.message(campaign).sender == "Else <else@beans.example>"
        assert "else@" not in self.message(campaign).message_id
        assert self.message(campaign).message_id.endswith("@beans.example>")

    def test_every_message_has_its_own_link_and_headers(self, settings):
        campaign = self.campaign(body="Hello {{ customer.first_name }}")
        one, other = self.message(campaign), self.message(campaign, first_name="Änn <b>")
        assert one.headers["List-Unsubscribe"].strip("<>") in str(one.html)
        assert one.headers["List-Unsubscribe"] != other.headers["List-Unsubscribe"]
        assert list(one.headers) == ["List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID"]
        assert "Hello Änn &lt;b&gt;" in str(other.html)
        assert str(other.text).startswith("Hello Änn <b>\n")
        assert one.data == {}

    def test_a_text_message_is_text_alone(self, settings):
        campaign = self.campaign(channel="sms", subject="", body="a < b & {{ customer.first_name }}\r\n ")
        message = self.message(campaign, phone="+49301234567", first_name="<i>")
        assert (message.text, message.html, message.subject) == ("a < b & <i>", "", "")
        assert (message.recipient, message.headers, message.message_id) == ("+49301234567", {}, "")

    def test_one_that_is_too_long_for_one_customer_is_refused(self, settings):
        campaign = self.campaign(channel="sms", subject="", body="{{ customer.first_name }}")
        assert len(self.message(campaign, phone="+49301234567", first_name="x" * 1530).text) == 1530
        with pytest.raises(InvalidInput, match="body: would take 11 text messages when filled in; the most is 10"):
            self.message(campaign, phone="+49301234567", first_name="x" * 1531)

    def test_the_preview_line_stands_unseen_before_the_text(self, settings):
        line = "5 < 6 & {{ customer.first_name | default: 'you' }}"
        message = self.message(self.campaign(body="<p>Hello</p>", preview_text=line), first_name="<b>")
        head, _, rest = str(message.html).partition("5 &lt; 6 &amp; &lt;b&gt;")
        assert head.rstrip().endswith('color:transparent">')
        assert "display:none" in head[head.index("<body") :]
        assert rest.index("</div>") < rest.index("<p>Hello</p>")
        assert "5 <" not in str(message.text)
        assert str(message.text).startswith("Hello\n")
        document = '<html><body class="{{ customer.city }}"><p>Hello</p></body></html>'
        whole = str(self.message(self.campaign(body=document, preview_text="Look"), city="x>y").html)
        assert whole.index('<body class="x&gt;y">') < whole.index("Look") < whole.index("<p>Hello")


class TestTestMessages:
    async def test_text_messages_to_numbers(self, vendor: Vendor, database, bob: Member):
        vendor.script = [Say(), Say(400, {"message": "no such number"})]
        await add_people(1, phone="+49301234567", sms_opt_in=True)
        made = await draft(bob, [], channel="sms", subject="", body="Hi {{ customer.first_name }}")
        results = await service.test(bob, made.id, ["+49 30 1234567", "0049 30 7654321", "+49301234567"])
        assert sorted(one.address for one in results) == ["+49301234567", "+49307654321"]
        assert sorted((one.sent, one.words) for one in results) == [(False, "400 no such number"), (True, "")]
        assert {post.json["text"] for post in vendor.got} == {"Hi P0"}
        assert await collection("deliveries").count_documents({}) == 0

    @pytest.mark.parametrize(
        ("channel", "addresses", "field", "words"),
        [
            ("sms", ["+49301234567", "12345"], "addresses[1]", "'12345' should begin with + and the country's code"),
            ("sms", ["ann@example.com"], "addresses[0]", "'ann@example.com' should be a phone number"),
            ("sms", ["+4930\r\n1"], "addresses[0]", "should be a phone number"),
            ("email", ["+49301234567"], "addresses[0]", "'+49301234567' should be an email address"),
            ("email", ["ann@example.com\r\nBcc: eve@example.com"], "addresses[0]", "should be an email address"),
            ("email", [""], "addresses[0]", "should be an email address"),
            ("webhook", ["ann@example.com", "+49301234567", "ann"], "addresses[2]", "'ann' should be a phone number"),
            ("email", [], "addresses", "name at least one"),
            ("email", ["a@example.com"] * 11, "addresses", "should have 10 entries at most"),
        ],
    )
    async def test_a_wrong_address_is_named(
        self, vendor: Vendor, database, bob: Member, channel: str, addresses: list[str], field: str, words: str
    ):
        subject = "Hi" if KINDS[Channel(channel)].subject_needed else ""
        made = await draft(bob, [], channel=channel, subject=subject)
        with pytest.raises(InvalidInput) as caught:
            await service.test(bob, made.id, addresses)
        assert caught.value.errors[0].field == field
        assert words in caught.value.errors[0].message
        assert vendor.got == []

    async def test_a_webhook_takes_either_and_learns_that_it_is_a_test(self, vendor: Vendor, database, bob: Member):
        made = await draft(bob, [], channel="webhook", subject="")
        results = await service.test(bob, made.id, ["ann@example.com", "+49301234567"])
        assert [one.sent for one in results] == [True, True]
        assert {post.json["to"] for post in vendor.got} == {"ann@example.com", "+49301234567"}
        assert all(post.json["test"] is True for post in vendor.got)
        assert {post.json["customer"]["first_name"] for post in vendor.got} == {"Ada"}

    @pytest.mark.parametrize("channel", ["email", "outbox", "simulator"])
    async def test_mail_and_what_stands_in_for_it(self, vendor: Vendor, sink, database, bob: Member, channel: str):
        made = await draft(bob, [], channel=channel, preview_text="Look")
        results = await service.test(bob, made.id, ["ann@example.com", "bänn@exämple.com"])
        assert len(results) == 2
        assert results[0].sent or channel == "simulator"
        assert await collection("deliveries").count_documents({}) == 0
        assert vendor.got == []


class TestAvailability:
    async def test_it_follows_the_settings(self, settings: Settings):
        assert set(available()) == {Channel.EMAIL, Channel.OUTBOX, Channel.SIMULATOR}
        with pytest.raises(InvalidInput, match="channel: sms needs the setting SMS_URL"):
            check_available(Channel.SMS)
        with pytest.raises(InvalidInput, match="channel: webhook needs the setting WEBHOOK_URL"):
            channel_of(Channel.WEBHOOK)
        use_settings(settings.model_copy(update={"sms_url": "http://127.0.0.1:1/", "webhook_url": "http://[::1]:1/"}))
        assert set(available()) == set(Channel)
        assert channel_of(Channel.SMS) is channel_of(Channel.SMS)

    async def test_a_channel_that_went_away_is_refused_at_send(self, vendor: Vendor, mailing, database, bob: Member):
        await add_people(1, phone="+49301234567", sms_opt_in=True)
        made = await draft(bob, [await add_segment("All")], channel="sms", subject="")
        use_settings(mailing)
        for act in (service.send(bob, made.id), service.test(bob, made.id, ["+49301234567"])):
            with pytest.raises(InvalidInput, match="SMS_URL"):
                await act
