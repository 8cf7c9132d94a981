"""A base URL means the same server to us and to what calls it, and a plain one is this machine's."""

from ipaddress import ip_address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import migma_nb as mg
from migma_nb.api.secret import ApiKey
from migma_nb.api.settings import make_settings

KEY = ApiKey("k" * 20)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://[::ffff:10.0.0.1]",
        "http://0.0.0.0",
        "http://2130706433",
        "http://0x7f.1",
        "http://127.1",
        "HTTP://EVIL.EXAMPLE",
        "http://127.0.0.1@evil.example",
        "http://evil.example@127.0.0.1",
        "http://evil.example\\@127.0.0.1",
        "http://127.0.0.1\\@evil.example",
        "http://127.0.0.1#@evil.example",
        "http://127.0.0.1?@evil.example",
        "http://127.0.0.1%2eevil.example",
        "http://127.0.0.1\n.evil.example",
        "http://127.0.0.1\t.evil.example",
        "http://①②⑦.0.0.1",
        "http://localhoſt",
        "http:\\\\127.0.0.1",
        "http:/127.0.0.1",
        "https://x.example:99999",
        "https://x.example:0",
        "https://ex ample.com",
        "https://a.example/\0",
        "https://a.example/a b",
        "https://[::1%25lo]",
        "https://user:word@api.migma.ai",
        "https://api.migma.ai/v1?key=1",
        "https://.",
        "https://",
        "ftp://api.migma.ai",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_could_mislead_is_refused(url: str) -> None:
    """Before any call, and without saying what credentials were in it."""
    with pytest.raises(mg.ConfigurationError) as caught:
        make_settings(KEY, base_url=url)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("HTTP://LOCALHOST:8000", "http://localhost:8000"),
        ("http://localhost.", "http://localhost:80"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("https://API.MIGMA.AI./v1/", "https://api.migma.ai:443"),
        ("https://api.migma.ai:443", "https://api.migma.ai:443"),
        (" https://api.migma.ai ", "https://api.migma.ai:443"),
        ("https://exämple.example", "https://xn--exmple-cua.example:443"),
        ("https://xn--exmple-cua.example", "https://xn--exmple-cua.example:443"),
    ],
)
def test_a_server_has_one_name_however_it_is_spelled(url: str, origin: str) -> None:
    """Or the ledger would take it for two, and mail people twice."""
    assert origin == make_settings(KEY, base_url=url).scope


HOSTS = st.one_of(
    st.sampled_from(["127.0.0.1", "localhost", "[::1]", "api.migma.ai", "evil.example", "10.0.0.1", "0"]),
    st.text(alphabet=st.sampled_from(list("ab.:@/\\%[]#?-_ \t\n\0é①ſ。\u200b127")), max_size=12),
    st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True),
)


@given(
    scheme=st.sampled_from(["http://", "https://", "HTTPS://", "http:/", "//", ""]),
    parts=st.lists(HOSTS, min_size=1, max_size=3),
    join=st.sampled_from(["", ".", "@", "\\", "#", "/", ":", "%2e", "\t"]),
    rest=st.sampled_from(["", "/", "/v1", ":8000", ":8000/v1", ".", "./v1"]),
)
def test_what_is_accepted_is_called_where_it_says(
    scheme: str, parts: list[str], join: str, rest: str
) -> None:
    """Our idea of the host is httpx's, with no user in it; plain http goes to the loopback alone."""
    try:
        made = make_settings(KEY, base_url=scheme + join.join(parts) + rest)
    except mg.ConfigurationError:
        return
    called = httpx.Request("GET", made.base_url + "/sending").url
    host = called.raw_host.decode()
    port = called.port or {"http": 80, "https": 443}[called.scheme]
    assert f"{called.scheme}://{f'[{host}]' if ':' in host else host}:{port}" == made.origin
    assert b"" == called.userinfo
    assert called.raw_path.endswith(b"/v1/sending")
    if called.scheme == "http":
        assert made.loopback
        assert host == "localhost" or ip_address(host).is_loopback
