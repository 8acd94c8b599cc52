"""Encryption and sign-in against real servers on loopback: what works, and one clear sentence for what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.channels import smtp_server
from app.channels.base import Outcome, Result, Unreachable
from app.channels.smtp import SmtpChannel
from app.channels.smtp_url import server_of
from tests.channels.test_mime import message
from tests.fakes.smtp import Script, SmtpSink
from tests.fakes.smtp_certificates import Certificate


async def send(url: str, *recipients: str, **fields: object) -> list[Outcome]:
    channel = SmtpChannel(server_of(url))
    try:
        await channel.ready()
        return await channel.send([message(recipient=one, **fields) for one in recipients or ("ann@example.com",)])
    finally:
        await channel.close()


def trust(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))


class TestTls:
    @pytest.mark.parametrize("how", ["starttls", "implicit"])
    async def test_a_server_with_a_right_certificate(self, how, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        certificate = Certificate.make(tmp_path)
        trust(certificate, monkeypatch)
        with SmtpSink(script=Script(tls=how), certificate=certificate) as sink:
            scheme = "smtps" if how == "implicit" else "smtp"
            outcomes = await send(f"{scheme}://127.0.0.1:{sink.port}", *(f"p{n}@example.com" for n in range(40)))
            assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
            assert len(sink.counts) == 40

    @pytest.mark.parametrize("how", ["starttls", "implicit"])
    @pytest.mark.parametrize(
        ("host", "days", "reason"),
        [
            ("127.0.0.1", 1, "self-signed certificate"),
            ("mail.example", 1, "IP address mismatch, certificate is not valid for '127.0.0.1'."),
            ("127.0.0.1", -1, "certificate has expired"),
        ],
        ids=["unknown issuer", "another host", "expired"],
    )
    async def test_a_wrong_certificate_is_named(self, how, host, days, reason, tmp_path: Path, monkeypatch):
        certificate = Certificate.make(tmp_path, host=host, days=days)
        if reason != "self-signed certificate":
            trust(certificate, monkeypatch)
        with SmtpSink(script=Script(tls=how), certificate=certificate) as sink:
            url = f"{'smtps' if how == 'implicit' else 'smtp'}://127.0.0.1:{sink.port}"
            with pytest.raises(Unreachable) as caught:
                await send(url)
            assert caught.value.detail == (
                f"The mail server at 127.0.0.1:{sink.port} cannot be reached: its TLS is not acceptable ({reason})"
            )
            assert not sink.counts
            outcomes = await send(f"{url}?verify=no")
            assert outcomes[0].result is Result.ACCEPTED

    async def test_a_server_that_offers_starttls_and_fails(self, tmp_path: Path):
        with SmtpSink(
            script=Script(tls="starttls", starttls_reply="454 4.7.0 TLS not available"),
            certificate=Certificate.make(tmp_path),
        ) as sink:
            with pytest.raises(Unreachable, match=r"it answers 454 4\.7\.0 TLS not available"):
                await send(f"smtp://127.0.0.1:{sink.port}")
            outcomes = await send(f"smtp://127.0.0.1:{sink.port}?starttls=never")
            assert outcomes[0].result is Result.ACCEPTED

    async def test_tls_to_a_server_that_speaks_none(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(smtp_server, "CONNECT_SECONDS", 1.0)
        with SmtpSink() as sink, pytest.raises(Unreachable, match="its TLS is not acceptable"):
            await send(f"smtps://127.0.0.1:{sink.port}")

    async def test_plain_words_to_a_server_that_wants_tls_at_once(self, tmp_path: Path, monkeypatch):
        monkeypatch.setattr(smtp_server, "CONNECT_SECONDS", 0.3)
        with (
            SmtpSink(script=Script(tls="implicit"), certificate=Certificate.make(tmp_path)) as sink,
            pytest.raises(Unreachable, match=r"no answer within 0\.3 s"),
        ):
            await send(f"smtp://127.0.0.1:{sink.port}")

    async def test_a_break_in_the_middle_is_the_same_under_tls(self, tmp_path: Path, monkeypatch):
        certificate = Certificate.make(tmp_path)
        trust(certificate, monkeypatch)
        script = Script(tls="starttls", drop_after_data={"b@example.com"}, drop_before_data={"d@example.com"})
        with SmtpSink(script=script, certificate=certificate) as sink:
            url = f"smtp://127.0.0.1:{sink.port}?starttls=always&connections=1"
            outcomes = await send(url, *(f"{letter}@example.com" for letter in "abcde"))
            assert [one.result.value for one in outcomes] == [
                "accepted", "ambiguous", "accepted", "accepted", "accepted",
            ]  # fmt: skip
            assert set(sink.counts.values()) == {1}


class TestSignIn:
    @pytest.mark.parametrize("how", ["PLAIN", "LOGIN", "CRAM-MD5", "CRAM-MD5 PLAIN LOGIN"])
    async def test_each_way(self, how: str):
        with SmtpSink(script=Script(users={"shop": "pä:ss"}, auth=how)) as sink:
            right = f"smtp://shop:p%C3%A4%3Ass@127.0.0.1:{sink.port}?starttls=never"
            assert (await send(right))[0].result is Result.ACCEPTED
            with pytest.raises(Unreachable, match=r"refuses the sign-in of SMTP_URL: 535 5\.7\.8"):
                await send(right.replace("shop:", "other:"))

    async def test_a_way_nobody_knows(self):
        with SmtpSink(script=Script(users={"shop": "x"}, auth="GSSAPI")) as sink:
            with pytest.raises(Unreachable) as caught:
                await send(f"smtp://shop:x@127.0.0.1:{sink.port}?starttls=never")
            assert caught.value.detail.startswith(f"The mail server at 127.0.0.1:{sink.port} cannot be reached: ")

    async def test_over_tls(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        certificate = Certificate.make(tmp_path)
        trust(certificate, monkeypatch)
        with SmtpSink(script=Script(tls="starttls", users={"shop": "x"}), certificate=certificate) as sink:
            assert (await send(f"smtp://shop:x@127.0.0.1:{sink.port}?starttls=always"))[0].result is Result.ACCEPTED


class TestExtensions:
    async def test_a_mail_larger_than_the_server_takes_is_never_offered(self):
        with SmtpSink(script=Script(size=5_000)) as sink:
            url = f"{sink.url}&connections=1"
            outcomes = await send(url, html="<p>x</p>" * 2_000)
            assert outcomes[0].result is Result.PERMANENT
            assert outcomes[0].words.startswith("The mail is larger (")
            assert outcomes[0].words.endswith("than the mail server takes (5,000).")
            assert not sink.counts
            assert (await send(url))[0].result is Result.ACCEPTED

    async def test_an_address_that_needs_smtputf8_is_refused_before_data(self):
        with SmtpSink(script=Script(smtputf8=False)) as sink:
            outcomes = await send(f"{sink.url}&connections=1", "jürgen@example.com", "ann@example.com")
            assert [one.result for one in outcomes] == [Result.PERMANENT, Result.ACCEPTED]
            assert outcomes[0].words == (
                "The mail server does not take addresses with letters outside ASCII (SMTPUTF8)."
            )
            assert dict(sink.counts) == {"ann@example.com": 1}

    async def test_utf8_mail_says_so(self):
        with SmtpSink(keep_bodies=True) as sink:
            assert (await send(sink.url, "jürgen@bücher.de"))[0].result is Result.ACCEPTED
            assert sink.received[0].recipient == "jürgen@xn--bcher-kva.de"
            assert sink.commands[0].endswith(" SMTPUTF8 BODY=8BITMIME")
            assert "To: Ann Lee <jürgen@xn--bcher-kva.de>" in sink.received[0].content.decode()
