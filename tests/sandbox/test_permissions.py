"""What a key needs for each route of the people's side, as the contract summary has it."""

from collections.abc import Callable

import httpx
import pytest

from migma_nb.sandbox import SandboxServer

Ask = Callable[..., httpx.Response]
ALL = {"audience:read", "audience:write", "domain:read", "domain:write", "email:read", "email:send"}
NEEDS = {
    "audience:read": [
        "GET /contacts",
        "GET /contacts/x",
        "GET /contacts/bulk/x",
        "GET /contacts/imports/x",
        "GET /tags",
        "GET /tags/x",
        "GET /segments",
        "GET /segments/x",
        "GET /topics",
        "GET /topics/x",
        "GET /subscribers",
        "GET /audiences",
    ],
    "audience:write": [
        "POST /contacts",
        "PATCH /contacts/x",
        "DELETE /contacts/x",
        "POST /contacts/bulk",
        "POST /contacts/imports",
        "POST /contacts/status",
        "POST /contacts/bulk-delete",
        "POST /tags",
        "PATCH /tags/x",
        "DELETE /tags/x",
        "POST /segments",
        "PATCH /segments/x",
        "DELETE /segments/x",
        "POST /topics",
        "PATCH /topics/x",
        "DELETE /topics/x",
        "POST /topics/x/subscribe",
        "POST /topics/x/unsubscribe",
    ],
    "domain:read": ["GET /domains", "GET /domains/x.example"],
    "domain:write": ["POST /domains/x.example/verify"],
}


@pytest.mark.parametrize(
    ("permission", "route"), [(name, route) for name, routes in NEEDS.items() for route in routes]
)
def test_each_route_needs_its_permission(
    strict: SandboxServer, ask: Ask, permission: str, route: str
) -> None:
    """A key with all others is told which one it lacks; with that one alone it is let in."""
    method, path = route.split()
    without = ask(strict, method, path, api_key=strict.make_key(ALL - {permission}))
    assert (403, True) == (without.status_code, permission in without.json()["error"])
    assert ask(strict, method, path, api_key=strict.make_key([permission])).status_code in {200, 400, 404}


@pytest.mark.parametrize("path", ["/projects", "/metrics/sending"])
def test_any_key_reads_what_no_source_names_a_permission_for(
    strict: SandboxServer, ask: Ask, path: str
) -> None:
    """Projects and metrics."""
    assert 200 == ask(strict, "GET", path, api_key=strict.make_key([])).status_code
