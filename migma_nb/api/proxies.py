"""The proxy that this computer's settings name for a server: read as httpx does, or refused in words."""

from importlib.util import find_spec
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from migma_nb.api.errors import ConfigurationError

_HINT = "Correct HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, or name the server in NO_PROXY."


def proxy_for(url: httpx.URL) -> httpcore.Proxy | None:
    """Return the proxy for a server, None where none is named.

    Args:
        url: an address at the server.

    Raises:
        ConfigurationError: one is named that cannot be used. It is not shown, since it may hold a password.
    """
    named = getproxies()
    address = named.get(url.scheme) or named.get("all")
    if not address or proxy_bypass(url.host):
        return None
    try:
        proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    except (httpx.InvalidURL, ValueError):
        words = "The proxy that this computer names is no address of http, https, socks5 or socks5h."
        raise ConfigurationError(words, hint=_HINT) from None
    if proxy.url.scheme.startswith("socks") and find_spec("socksio") is None:
        raise ConfigurationError(
            "This computer names a SOCKS proxy, which takes the package socksio.",
            hint=f"Run pip install socksio. {_HINT}",
        )
    return httpcore.Proxy(str(proxy.url), auth=proxy.raw_auth, headers=proxy.headers.raw)
