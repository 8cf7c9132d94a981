"""What a client is given is checked when it is made, and its key is shown to nobody."""

import pickle
from typing import Any

import pytest

from migma_nb.api.errors import ConfigurationError
from migma_nb.api.secret import ApiKey
from migma_nb.api.settings import DEFAULT_BASE_URL, make_settings, origin_of, parse_rate

KEY = "mgma_sk_test_7h3k3y1sh3r3"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://api.migma.ai", "https://api.migma.ai/v1"),
        ("https://api.migma.ai/v1", "https://api.migma.ai/v1"),
        ("https://api.migma.ai/v1/", "https://api.migma.ai/v1"),
        ("https://api.migma.ai/api/v1", "https://api.migma.ai/api/v1"),
        ("http://localhost:3001/api/v1", "http://localhost:3001/api/v1"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
    ],
)
def test_the_base_url_is_taken_with_or_without_v1(given: str, expected: str) -> None:
    """All forms that the sources know."""
    assert expected == make_settings(ApiKey(KEY), base_url=given).base_url


def test_the_base_url_comes_from_the_environment_when_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument, then MIGMA_BASE_URL, then Migma's own address."""
    assert DEFAULT_BASE_URL == make_settings(ApiKey(KEY)).base_url
    monkeypatch.setenv("MIGMA_BASE_URL", "https://mail.example")
    assert "https://mail.example/v1" == make_settings(ApiKey(KEY)).base_url
    assert "https://x.example/v1" == make_settings(ApiKey(KEY), base_url="https://x.example").base_url


def test_account_and_rate_come_from_the_environment_when_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """An argument counts more, an empty account is none, and what is empty outside is not there."""
    for variable, value in (("MIGMA_ACCOUNT", ""), ("MIGMA_RATE", "")):
        monkeypatch.setenv(variable, value)
    assert (origin_of(DEFAULT_BASE_URL), None) == _scope_and_rate()
    monkeypatch.setenv("MIGMA_ACCOUNT", "acme")
    monkeypatch.setenv("MIGMA_RATE", "5/minute")
    assert ("account:acme", "5/minute") == _scope_and_rate()
    assert ("account:other", None) == _scope_and_rate(account="other", rate="auto")
    assert origin_of(DEFAULT_BASE_URL) == _scope_and_rate(account="")[0]
    monkeypatch.setenv("MIGMA_RATE", "fast")
    with pytest.raises(ConfigurationError, match="MIGMA_RATE='fast' is no rate"):
        make_settings(ApiKey(KEY))


def _scope_and_rate(**given: str) -> tuple[str, str | None]:
    made = make_settings(ApiKey(KEY), **given)  # type: ignore[arg-type]  # texts alone
    return made.scope, None if made.rate is None else str(made.rate)


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "api.migma.ai"},
        {"base_url": "ftp://api.migma.ai"},
        {"base_url": "https://user:pw@api.migma.ai"},
        {"base_url": "https://api.migma.ai/v1?x=1"},
        {"base_url": "https://api.migma.ai:notaport"},
        {"base_url": "http://api.migma.ai"},
        {"timeout": 0},
        {"timeout": "30"},
        {"timeout": True},
        {"timeout": float("nan")},
        {"workers": 0},
        {"workers": 65},
        {"workers": 2.5},
        {"rate": "fast"},
        {"rate": "0/minute"},
        {"rate": 60},
    ],
)
def test_a_wrong_argument_is_refused_when_the_client_is_made(change: dict[str, Any]) -> None:
    """Nothing waits until the first row to fail."""
    with pytest.raises(ConfigurationError):
        make_settings(ApiKey(KEY), **change)


def test_plain_http_is_only_for_this_machine_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key would cross the network unencrypted."""
    monkeypatch.setenv("MIGMA_ALLOW_HTTP", "1")
    assert "http://mail.example/v1" == make_settings(ApiKey(KEY), base_url="http://mail.example").base_url


def test_the_scope_is_the_server_or_the_account_and_never_the_key() -> None:
    """A rotated key changes nothing about who was mailed."""
    one, other = (make_settings(ApiKey(key), base_url="https://api.migma.ai") for key in (KEY, KEY + "2"))
    assert "https://api.migma.ai:443" == one.scope == other.scope
    assert "account:acme" == make_settings(ApiKey(KEY), account="acme").scope
    assert origin_of("HTTPS://API.migma.ai/v1") == origin_of("https://api.migma.ai:443")


@pytest.mark.parametrize(
    ("text", "per_minute"), [("10/second", 600.0), ("90/minute", 90.0), ("1440/day", 1.0)]
)
def test_a_rate_is_a_number_in_a_unit(text: str, per_minute: float) -> None:
    """The three units of the documents' limits."""
    rate = parse_rate(text)
    assert rate is not None
    assert per_minute == pytest.approx(rate.requests * 60 / rate.seconds)
    assert text == str(rate)


def test_the_key_is_in_no_repr_and_no_pickle() -> None:
    """Neither the key nor the settings that hold it show it."""
    key = ApiKey(KEY)
    settings = make_settings(key)
    assert KEY not in f"{key!r} {key} {settings!r} {settings}"
    assert KEY not in key.fingerprint()
    with pytest.raises(TypeError):
        pickle.dumps(settings)


@pytest.mark.parametrize("text", ["", "  ", "two words", "line\nbreak", "schlüssel"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(text: str) -> None:
    """A pasted mistake is named, not repeated."""
    with pytest.raises(ConfigurationError) as caught:
        ApiKey(text)
    assert not text.strip() or text not in str(caught.value)


def test_a_server_that_echoes_the_key_does_not_spread_it() -> None:
    """Whatever text comes back is cleaned of it."""
    assert "Bearer [key]" == ApiKey(KEY).blank_out(f"Bearer {KEY}")
    assert b"x [key]" == ApiKey(KEY).blank_out(f"x {KEY}".encode())
