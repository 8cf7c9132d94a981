"""What an ordered process does: it plans and sends as a person's script would, and tells what it sees."""

import ctypes
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import migma_nb as mg
from tests.crash.moments import Moments
from tests.crash.orders import Order

#: The mailing that all orders send.
MAILING = "m"


def do(order: Order) -> None:
    """Do what is ordered, and write what it came to."""
    moments = Moments(order.step, order.nth, order.signal)
    moments.watch()
    for name, value in order.constants.items():
        module, _, constant = name.rpartition(".")
        setattr(import_module(module), constant, value)
    if order.fsize is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.fsize, resource.RLIM_INFINITY))
    if order.bound:
        _let_permissions_bind()
    try:
        told = JOBS[order.job](order)
    except mg.MigmaError as error:
        kind = mg.LedgerError if isinstance(error, mg.LedgerError) else type(error)
        told = {"error": kind.__name__, "message": str(error)}
    except KeyboardInterrupt:
        told = {"interrupted": True}
    _write(order, told | {"steps": dict(moments.counts)})


def _write(order: Order, told: dict[str, Any]) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    draft = Path(order.out + ".new")
    draft.write_text(json.dumps(told))
    draft.rename(order.out)


def _plan(order: Order) -> mg.SendPlan:
    people = [{"email": f"p{n}@d.example", "first_name": f"N{n}"} for n in range(order.people)]
    return mg.plan(
        people,
        mailing=MAILING,
        sender="Acme <billing@acme.example>",
        subject="Hello {{first_name}}",
        template="<p>{{first_name}}</p>",
        project_id="p",
        transactional=True,
    )


def _start(order: Order) -> mg.Run:
    client = mg.Migma(
        "k" * 20, base_url=order.url, timeout=order.timeout, workers=order.workers, rate="1000/second"
    )
    return _plan(order).start(client, confirm=order.people, ledger=order.ledger)


def _send(order: Order) -> dict[str, Any]:
    run = _start(order)
    try:
        run.wait(progress=False).end_paused()
    except KeyboardInterrupt:
        return _told(run) | {"interrupted": True}
    return _told(run)


def _send_in_spite_of_interrupts(order: Order) -> dict[str, Any]:
    """Be interrupted twice, as a cell is, and see that the run comes to its end all the same."""
    run = _start(order)
    try:
        run.wait(progress=False)
    except KeyboardInterrupt:
        freed = {"freed_while": run.state}
        run.wait(progress=False)
        return _told(run) | freed
    return _told(run)


def _send_and_fork(order: Order) -> dict[str, Any]:
    """Fork in the middle, as `multiprocessing` does, a worker that outlives its parent."""
    run = _start(order)
    while not run.counts.get("sending") and run.state == "running":  # type: ignore[call-overload]
        time.sleep(0.01)
    worker = os.fork()
    if worker == 0:
        time.sleep(60)
        os._exit(0)
    sys.stdout.write(f"worker {worker}.\n")
    sys.stdout.flush()
    run.wait(progress=False)
    return _told(run)


def _start_and_end(order: Order) -> dict[str, Any]:
    """Begin a run and let the script end, while rows are in flight."""
    run = _start(order)
    while not run.counts.get("sending") and run.state == "running":  # type: ignore[call-overload]
        time.sleep(0.01)
    return {"run_id": run.id}


def _send_and_look(order: Order) -> dict[str, Any]:
    """Look at the ledger again and again while the run goes on, as a cell of the same notebook would."""
    run = _start(order)
    while run.state == "running":
        mg.history(ledger=order.ledger)
        time.sleep(0.02)
    return _told(run)


def _resolve(order: Order) -> dict[str, Any]:
    """Say of every unknown row of the newest run that it was sent."""
    run = _newest(order)
    unknown = run.unknown
    run.resolve(unknown, "sent", confirm=len(unknown))
    return _told(run)


def _look(order: Order) -> dict[str, Any]:
    """Read everything that can be read of the newest run."""
    history = mg.history(ledger=order.ledger)
    run = _newest(order)
    return _told(run) | {"runs": history["state"].tolist(), "summary": run.summary()}


def _newest(order: Order) -> mg.Run:
    return mg.open_run(mg.history(ledger=order.ledger)["run_id"].iloc[0], ledger=order.ledger)


def _told(run: mg.Run) -> dict[str, Any]:
    frame = run.frame[["recipient", "state", "reason", "detail"]]
    live = run._live
    return {
        "run_id": run.id,
        "state": run.state,
        "detail": live.detail if live else "",
        "counts": dict(run.counts),
        "frame": json.loads(frame.to_json(orient="records")),
    }


JOBS: dict[str, Callable[[Order], dict[str, Any]]] = {
    "send": _send,
    "send and look": _send_and_look,
    "send in spite of interrupts": _send_in_spite_of_interrupts,
    "send and fork": _send_and_fork,
    "start and end": _start_and_end,
    "resolve": _resolve,
    "look": _look,
}


def _let_permissions_bind() -> None:
    """Give up root's right to write where the permissions say no (all capabilities, for this process)."""
    if os.geteuid() != 0:
        return
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    none = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, none) != 0:
        raise OSError(ctypes.get_errno(), "capset")
