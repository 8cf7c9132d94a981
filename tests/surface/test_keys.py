"""Where the API key comes from: an argument, the environment, the OS keyring, or a question in a notebook."""

import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import migma_nb as mg
from migma_nb.api.secret import ApiKey

KEY = "mgma_sk_test_not_a_real_key"
#: Puts a keyring in place that answers what the given function returns.
KeyringThat = Callable[[Callable[[], Any]], None]


def key_of(client: mg.Migma) -> str:
    """Return the key that a client would show a server."""
    return client.settings.key.headers()["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def keyring_that() -> Iterator[KeyringThat]:
    """Return a function that puts a keyring in place whose answer is that of another function."""
    keyring = pytest.importorskip("keyring")
    from keyring.backend import KeyringBackend  # noqa: PLC0415 - only where it is installed
    from keyring.backends.null import Keyring as NoKeyring  # noqa: PLC0415

    def use(answer: Callable[[], Any]) -> None:
        class Keyring(KeyringBackend):
            priority = 1

            def get_password(self, service: str, username: str) -> str | None:
                assert ("migma_nb", "api_key") == (service, username)
                found: str | None = answer()
                return found

            def set_password(self, service: str, username: str, password: str) -> None:
                raise AssertionError((service, username, password))

        keyring.set_keyring(Keyring())  # type: ignore[no-untyped-call]  # theirs

    yield use
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # theirs


def test_the_environment_is_asked_before_the_keyring(
    monkeypatch: pytest.MonkeyPatch, keyring_that: KeyringThat
) -> None:
    """And an argument before both; spaces around a pasted key are dropped."""
    keyring_that(lambda: "mgma_sk_test_of_the_keyring")
    monkeypatch.setenv("MIGMA_API_KEY", f" {KEY}\n")
    assert KEY == key_of(mg.Migma())
    assert "mgma_sk_test_given" == key_of(mg.Migma("mgma_sk_test_given"))


def test_the_keyring_gives_the_key(keyring_that: KeyringThat) -> None:
    """Stored by `keyring set migma_nb api_key`."""
    keyring_that(lambda: KEY)
    assert KEY == key_of(mg.Migma())
    assert ApiKey(KEY) == mg.Migma().settings.key


def test_a_keyring_without_a_key_is_as_none(keyring_that: KeyringThat) -> None:
    """None or an empty text: the sentence says what to do."""
    answers = [None, "", " "]
    keyring_that(answers.pop)
    while answers:
        with pytest.raises(mg.ConfigurationError, match=r"No API key was given\. .*MIGMA_API_KEY"):
            mg.Migma()


@pytest.mark.parametrize("name", ["KeyringLocked", "NoKeyringError", "RuntimeError"])
def test_a_keyring_that_cannot_be_read_is_named(keyring_that: KeyringThat, name: str) -> None:
    """Locked, without a backend or broken: a person learns that the key may be there all the same."""
    from keyring import errors  # noqa: PLC0415 - only where it is installed, as the fixture has seen

    def fail() -> None:
        raise getattr(errors, name, RuntimeError)(f"cannot open {KEY}")

    keyring_that(fail)
    with pytest.raises(
        mg.ConfigurationError, match=rf"keyring could not be read \({name}\)\. .*MIGMA"
    ) as caught:
        mg.Migma()
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("source", ["environment", "keyring"])
def test_what_is_no_key_is_said_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, keyring_that: KeyringThat, source: str
) -> None:
    """A key with a break in the middle is an error, and no frame of ours holds it as text."""
    broken = f"{KEY}\n{KEY}"
    if source == "environment":
        monkeypatch.setenv("MIGMA_API_KEY", broken)
    else:
        keyring_that(lambda: broken)
    with pytest.raises(mg.ConfigurationError, match="holds a space") as caught:
        mg.Migma()
    own = traceback.TracebackException(
        type(caught.value), caught.value, caught.tb.tb_next, capture_locals=True
    )
    assert KEY not in "".join(own.format())
