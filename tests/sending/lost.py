"""Sends whose answers are lost on the way, and how their rows stand."""

from typing import Any

import migma_nb as mg


def client_of(sandbox: mg.Sandbox, timeout: float = 0.6, **options: Any) -> mg.Migma:
    """Return a client that does not wait long for an answer."""
    return sandbox.client(timeout=timeout, **options)


def send(sandbox: mg.Sandbox, plan: mg.SendPlan, fault: str | None = None, share: float = 1.0) -> mg.Run:
    """Send a plan under a fault, which is over afterwards."""
    sandbox.set_faults({fault: share} if fault else {})
    run = plan.send(client_of(sandbox), progress=False)
    sandbox.set_faults({})
    sandbox.server.drain()
    return run


def states(run: mg.Run) -> list[str]:
    """Return the states of a run's rows."""
    return [str(state) for state in run.frame["state"]]


def half_lost(sandbox: mg.Sandbox, plan: mg.SendPlan) -> mg.Run:
    """Send under the scope "account:a", so that the answers of about half are lost."""
    sandbox.set_faults({"accept_then_drop": 0.5})
    # An answer that is dropped is missed at once; the others may take long on a busy machine.
    run = plan.send(client_of(sandbox, timeout=10, account="a"), progress=False)
    sandbox.set_faults({})
    sandbox.server.drain()
    assert {"accepted", "unknown"} == set(states(run))
    return run
