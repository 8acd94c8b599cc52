"""Every knob, one place. Values come from the environment or a `.env` file in the working directory."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo, available_timezones

from babel.numbers import list_currencies
from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import SettingsError
from app.secret_key import former_keys, kept_key

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _url_with(*schemes: str) -> AfterValidator:
    """A validator: empty, or a URL of one of these schemes with a host or a path."""

    def check(value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            shown = value if "@" not in value else f"...@{value.rpartition('@')[2]}"  # never a password
            raise ValueError(f"should be a URL such as {schemes[0]}://host, not {shown!r}")
        _ = parts.port
        return value

    return AfterValidator(check)


HttpUrl = Annotated[str, _url_with("https", "http")]


class Settings(BaseSettings):
    """The settings of one process. Names are a contract: `PORT` sets `port`, and so on. Empty strings mean unset."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address the web server listens on; 0.0.0.0 for all.")
    port: int = Field(8080, ge=0, le=65535, description="Port the web server listens on.")
    public_url: HttpUrl = Field("", description="Address people use to reach Cohort; links in mails start with it.")
    trusted_proxies: str = Field(
        "", description="Proxies whose X-Forwarded-For is believed: addresses or networks, separated by commas."
    )
    api_requests_per_minute: int = Field(
        60_000, ge=0, le=10_000_000, description="Requests to the API that a member may send in a minute; 0: no limit."
    )
    secret_key: SecretStr = Field(
        SecretStr(""), description="Signs sessions and links, 32 characters or more; generated once if empty."
    )
    secret_keys_former: SecretStr = Field(
        SecretStr(""), description="Earlier values of SECRET_KEY, separated by commas: they verify and never sign."
    )
    data_dir: Path = Field(Path("data"), description="Folder for the embedded servers' data and the generated key.")
    timezone: str = Field("UTC", description="The shop's zone (IANA name): midnight and schedules follow it.")
    currency: str = Field("USD", description="The shop's currency (ISO 4217).")
    week_start: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = Field(
        "monday", description="First day of the week."
    )

    mongodb_url: Annotated[str, _url_with("mongodb", "mongodb+srv")] = Field(
        "",
        repr=False,
        description="MongoDB replica set to use; empty starts the embedded server. The path names the database.",
    )
    redis_url: Annotated[str, _url_with("redis", "rediss", "unix")] = Field(
        "", repr=False, description="Redis or Valkey to use; empty starts the embedded server."
    )
    worker_processes: int = Field(2, ge=1, le=64, description="Worker processes started by `cohort run`.")
    worker_threads: int = Field(3, ge=1, le=256, description="Messages one worker process handles at once.")

    smtp_url: str = Field(
        "",
        repr=False,
        description="Mail server, smtp[s]://user:pass@host:port?starttls=auto|always|never; empty: built-in outbox. "
        "Several are separated by blanks, each with name=, weight= (1; 0: only when the others are away), per_second= "
        "and connections= (8) if wanted.",
    )
    mail_from: str = Field("Cohort <cohort@localhost>", description="Sender of campaign mail, `Name <address>`.")
    send_per_second: int = Field(
        0, ge=0, le=100_000, description="Messages a second at most, all campaigns together; 0: no limit."
    )
    approval_above: int = Field(
        0,
        ge=0,
        le=1_000_000_000,
        description="Sending to more people than this needs a second person's approval; 0: none. Owners can ask for it "
        "earlier on the page Sending policy, never later.",
    )
    sms_url: HttpUrl = Field("", description="Where text messages are posted; empty: the sms channel is not offered.")
    sms_token: SecretStr = Field(SecretStr(""), description="Bearer token for SMS_URL.")
    sms_secret: SecretStr = Field(SecretStr(""), description="Signs what is posted to SMS_URL (HMAC-SHA256).")
    sms_body: str = Field(
        "", description="What SMS_URL takes, a JSON object with {{ to }}, {{ from }}, {{ text }}, {{ id }}."
    )
    webhook_url: HttpUrl = Field("", description="Where webhook messages are posted; empty: not offered.")
    webhook_secret: SecretStr = Field(SecretStr(""), description="Signs what is posted to WEBHOOK_URL (HMAC-SHA256).")
    outgoing_private_hosts: str = Field(
        "", description="Names that SMS_URL, WEBHOOK_URL and sign-in may follow to private addresses; with commas."
    )
    receipts_secret: SecretStr = Field(
        SecretStr(""), description="Signs callbacks to /api/receipts; empty: `cohort receipts-secret` prints one."
    )

    gemini_api_key: SecretStr = Field(SecretStr(""), description="Key for Gemini; empty: no AI from Google.")
    gemini_base_url: HttpUrl = Field("", description="Another server that speaks the Gemini API.")
    gemini_model: str = Field("gemini-3.5-flash-lite", description="Gemini model name.")
    openai_api_key: SecretStr = Field(SecretStr(""), description="Key for an OpenAI-compatible server.")
    openai_base_url: HttpUrl = Field("", description="Address of an OpenAI-compatible server.")
    openai_model: str = Field("gpt-5-mini", description="OpenAI model name.")
    ai_requests_per_minute: int = Field(
        30, ge=0, description="Requests a member may send to the AI provider in a minute; 0: no limit."
    )
    ai_tokens_per_day: int = Field(
        2_000_000, ge=0, description="Tokens all AI requests of a day may use together; 0: no limit."
    )
    ai_log_days: int = Field(
        90, ge=0, description="Days a request to the AI provider stays in the AI log, set when it is made; 0: for good."
    )

    google_client_id: str = Field("", description="OAuth client for sign-in with Google; empty: password alone.")
    google_client_secret: SecretStr = Field(SecretStr(""), description="Secret of that OAuth client.")
    google_discovery_url: HttpUrl = Field(
        "https://accounts.google.com/.well-known/openid-configuration",
        description="Google's OpenID Connect discovery document.",
    )
    oidc_name: str = Field("single sign-on", description="What the sign-in page calls another provider.")
    oidc_client_id: str = Field("", description="OAuth client at another OpenID Connect provider.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Secret of that client.")
    oidc_discovery_url: HttpUrl = Field("", description="That provider's discovery document.")
    owner_email: str = Field("", description="Creates the first owner at start, together with OWNER_PASSWORD.")
    owner_password: SecretStr = Field(SecretStr(""), description="Password of the first owner.")

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        networks = [part.strip() for part in value.split(",") if part.strip()]
        for network in networks:
            try:
                ip_network(network, strict=False)
            except ValueError:
                wanted = "should be addresses or networks such as 10.0.0.0/8"
                raise ValueError(f"{wanted}, not {network[:60]!r}") from None
        return ",".join(networks)

    @field_validator("outgoing_private_hosts")
    @classmethod
    def _names(cls, value: str) -> str:
        names = [part.strip().rstrip(".").lower() for part in value.split(",") if part.strip()]
        for name in names:
            if not re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?", name):
                raise ValueError(f"should be names such as gateway.internal, not {name[:60]!r}")
        return ",".join(names)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"should be an IANA time zone such as Europe/Berlin, not {value!r}")
        return value

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        value = value.upper()
        if value not in list_currencies():
            raise ValueError(f"should be an ISO 4217 currency such as EUR, not {value!r}")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_servers(cls, value: str) -> str:
        if value:
            from app.channels.smtp_url import servers_of

            try:
                servers_of(value)
            except SettingsError as problem:
                raise ValueError(problem.detail.removeprefix("SMTP_URL: ")) from None
        return value

    @field_validator("week_start", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("sms_body")
    @classmethod
    def _mapping(cls, value: str) -> str:
        from app.channels.mapping import JsonMapping

        if value:
            JsonMapping(value)
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and len(value.get_secret_value()) < 32:
            raise ValueError("should have 32 characters or more")
        return value

    @field_validator("secret_keys_former")
    @classmethod
    def _each_long_enough(cls, value: SecretStr) -> SecretStr:
        if any(key.strip() and len(key.strip()) < 32 for key in value.get_secret_value().split(",")):
            raise ValueError("each key should have 32 characters or more")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def base_url(self) -> str:
        """Address people use, without a trailing slash."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host
        host = f"[{host}]" if ":" in host else host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def queue_url(self) -> str:
        """REDIS_URL as given: the task queue alone lives there, because Dramatiq's maintenance scans its database."""
        return self.redis_url

    @property
    def signals_url(self) -> str:
        """The Redis database of everything but the queue: the one after REDIS_URL's."""
        return _next_database(self.redis_url)

    def signing_key(self) -> bytes:
        """SECRET_KEY, or the key generated once into the data folder (mode 0600). Safe when two processes race."""
        return self.secret_key.get_secret_value().encode() or kept_key(self.data_dir)

    def former_keys(self) -> tuple[bytes, ...]:
        """Keys that verify and never sign: SECRET_KEYS_FORMER, and those that `cohort rotate-key` replaced."""
        given = self.secret_keys_former.get_secret_value().split(",")
        return (*(key.strip().encode() for key in given if key.strip()), *former_keys(self.data_dir))


def _next_database(url: str) -> str:
    """REDIS_URL with its database number plus one; `unix:` URLs carry it in `?db=`, the others in the path."""
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
        query["db"] = str(int(query.get("db", "0")) + 1)
        return f"unix://{parts.path}?" + "&".join(f"{key}={value}" for key, value in query.items())
    number = int(parts.path.strip("/") or 0) + 1
    return urlunsplit(parts._replace(path=f"/{number}"))


def read_settings(**overrides: object) -> Settings:
    """Read the environment and `.env`; `overrides` win. Raises SettingsError with one line naming the wrong setting."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # names and types are checked by pydantic here
    except ValidationError as problem:
        first = problem.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "settings"
        message = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name}: {message}") from problem


_settings: Settings | None = None


def get_settings() -> Settings:
    """The settings of this process: those given to `use_settings`, else the environment's, read once."""
    global _settings
    if _settings is None:
        _settings = read_settings()
    return _settings


def use_settings(settings: Settings | None) -> None:
    """Make these the settings of this process (None: read again from the environment at next use)."""
    global _settings
    _settings = settings
