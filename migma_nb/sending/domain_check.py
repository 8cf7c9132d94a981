"""Whether the domains of a plan's people take mail: asked for, never by itself."""

from collections.abc import Sequence
from numbers import Real

from migma_nb.api.errors import InputError
from migma_nb.api.mail_domains import Delivery, DomainFinding, look_up
from migma_nb.planning.frozen import Plan


def check_domains(
    plan: Plan, timeout: float, nameservers: Sequence[str] | None
) -> list[tuple[DomainFinding, list[int]]]:
    """Return what is amiss with the domains that a plan would mail, and their rows; most rows first.

    Args:
        plan: a plan with single recipients.
        timeout: seconds for one domain.
        nameservers: whom to ask, None for the machine's own.

    Raises:
        InputError: nobody in the plan has an address, or an argument cannot be used.
    """
    given: object = timeout
    if isinstance(given, bool) or not isinstance(given, Real) or not 0 < float(timeout) < float("inf"):
        raise InputError(f"timeout is {timeout!r}.", hint="Write seconds, such as timeout=5.")
    if isinstance(nameservers, str):
        raise InputError("nameservers is one text.", hint=f"Write a list: nameservers=[{nameservers!r}].")
    rows: dict[str, list[int]] = {}
    for row in plan.ready:
        if not plan.is_batch(row):
            # The keys of a mailing stand behind the address, which holds no space.
            rows.setdefault(plan.recipient(row).partition(" ")[0].rpartition("@")[2], []).append(row)
    if not rows and plan.batches:
        raise InputError("Whom a tag or segment holds only Migma knows.", hint="Check a list of people.")
    found = look_up(rows, timeout=timeout, nameservers=nameservers)
    amiss = [(one, rows[one.domain]) for one in found if one.delivery is not Delivery.TAKES]
    return sorted(amiss, key=lambda pair: (pair[0].delivery is not Delivery.REFUSES, -len(pair[1])))
