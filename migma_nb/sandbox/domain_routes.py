"""The routes of ``/v1/domains`` (migma-api.md section 7).

The literal that the API has for a verified domain was not seen; the sandbox says ``verified``. Where any
sender is accepted, any domain that is asked for by name is verified, though the list has only those put in.
"""

from typing import Any

from migma_nb.sandbox.audience import Resource
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.envelope import Answer, Refusal
from migma_nb.sandbox.exchange import Call
from migma_nb.sandbox.operations import Operation
from migma_nb.sandbox.people_models import DnsRecord, Domain
from migma_nb.sandbox.scope import answer
from migma_nb.sandbox.shown import Shown

_MANAGED = ".migma.email"


class Verification(Shown):
    """What verifying a domain came to."""

    domain: str
    status: str
    dns_records: list[DnsRecord]


def _get_domains(call: Call, context: Context) -> Answer:
    return answer(call, [_shown(each) for each in context.account.domains])


def _get_domain(call: Call, context: Context) -> Answer:
    return answer(call, _shown(_known(call, context)))


def _verify(call: Call, context: Context) -> Answer:
    """A domain becomes verified if its DNS records are in place, which ``add_domain`` says."""
    domain = _known(call, context)
    if not domain["isVerified"] and domain.get("dnsInPlace", True):
        domain = context.account.add_domain(domain["domain"], verified=True)
    return answer(call, Verification.of(_shown(domain)))


def _known(call: Call, context: Context) -> Resource:
    name = call.params["domain"].casefold()
    domain = context.account.domains.get(name)
    if domain is None and context.policy.any_domain and "." in name.strip("."):
        return {"domain": name, "status": "verified", "isVerified": True}
    if domain is None:
        raise Refusal(404, "NOT_FOUND", f"There is no domain '{name}' in this account.")
    return domain


def _shown(domain: Resource) -> dict[str, Any]:
    name, verified = domain["domain"], domain["isVerified"]
    checked = "SUCCESS" if verified else "PENDING"
    since = domain.get("createdAt", "1970-01-01T00:00:00.000Z")
    more = {
        "_id": domain.get("id", name),
        "region": "us-east-1",
        "regionName": "US East (N. Virginia)",
        "dkimStatus": checked,
        "mailFromDomain": f"mail.{name}",
        "mailFromStatus": checked,
        "dnsRecords": _dns_records(name, "verified" if verified else "pending"),
        "ownershipVerified": verified,
        "openTracking": True,
        "clickTracking": True,
        "brandedTracking": False,
        "isManagedDomain": name.endswith(_MANAGED),
        "createdAt": since,
        "verifiedAt": domain.get("verifiedAt", since) if verified else None,
        "connectUrl": None if verified else f"https://sandbox.invalid/domains/{name}/connect",
    }
    return Domain.of(domain, **more)


def _dns_records(name: str, status: str) -> list[dict[str, Any]]:
    mail = f"mail.{name}"
    records: list[dict[str, Any]] = [
        {"type": "CNAME", "name": f"sandbox._domainkey.{name}", "value": "sandbox.dkim.invalid"},
        {"type": "MX", "name": mail, "value": "feedback.sandbox.invalid", "priority": 10},
        {"type": "TXT", "name": mail, "value": "v=spf1 include:sandbox.invalid ~all"},
    ]
    return [{**record, "status": status} for record in records]


OPERATIONS = [
    Operation(
        method="GET",
        path="/domains",
        action=_get_domains,
        summary="The sending domains of the account",
        source="section 7",
        permission="domain:read",
        data=list[Domain],
    ),
    Operation(
        method="GET",
        path="/domains/{domain}",
        action=_get_domain,
        summary="One sending domain",
        source="section 7",
        permission="domain:read",
        data=Domain,
        refusals=(404,),
    ),
    Operation(
        method="POST",
        path="/domains/{domain}/verify",
        action=_verify,
        summary="Look whether a domain's DNS records are in place",
        source="section 7",
        permission="domain:write",
        data=Verification,
        refusals=(404,),
    ),
]
