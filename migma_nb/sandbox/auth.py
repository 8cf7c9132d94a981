"""Who calls and what the key allows (S7, S8, migma-api.md section 1)."""

from collections.abc import Mapping

from migma_nb.sandbox.account import Account, normal_permission
from migma_nb.sandbox.envelope import Refusal
from migma_nb.sandbox.records import ApiKey


def identify(headers: Mapping[str, str], account: Account, base_url: str) -> ApiKey:
    """The key of a request: ``Authorization: ApiKey …`` or ``Bearer …``, else ``X-API-Key``.

    Raises:
        Refusal: 401 with a challenge.
    """
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    if scheme.lower() not in {"bearer", "apikey"}:
        secret = headers.get("x-api-key", "")
    key = account.key_of(secret.strip())
    if key is None:
        challenge = f'Bearer resource_metadata="{base_url}/.well-known/oauth-protected-resource"'
        message = "Missing or invalid API key; send it as 'Authorization: Bearer KEY' (S8)."
        raise Refusal(401, "UNAUTHORIZED", message, {"WWW-Authenticate": challenge})
    return key


def require(key: ApiKey, permission: str | tuple[str, ...]) -> None:
    """Refuse a key that lacks a permission, or all of several.

    Raises:
        Refusal: 403 that names the permission.
    """
    enough = (permission,) if isinstance(permission, str) else permission
    if "*" in key.permissions or any(normal_permission(each) in key.permissions for each in enough):
        return
    rule = " (S7: EMAIL_SEND)" if permission == "email:send" else ""
    raise Refusal(403, "FORBIDDEN", f"The API key lacks the permission {' or '.join(enough)}{rule}.")
