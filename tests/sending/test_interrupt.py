"""An interrupt begins no new row, lets those in flight come back, and is then raised."""

import subprocess
import sys

# A shell that starts its work in the background has children ignore SIGINT; a person's cell does not.
SCRIPT = """
import asyncio, os, signal, threading
import migma_nb as mg

signal.signal(signal.SIGINT, signal.default_int_handler)

def plan():
    people = [{"email": f"p{n}@x.example"} for n in range(40)]
    return mg.plan(people, mailing="m", sender="A <a@b.example>", subject="Hi", template="<p>x</p>",
                   project_id="p", transactional=True)

async def awaited(sandbox):
    return (await plan().start(sandbox.client())).counts

with mg.Sandbox() as sandbox:
    sandbox.server.latency = 0.4
    def interrupt():
        while len(sandbox.server.outbox()) < 4:
            pass
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=interrupt, daemon=True).start()
    try:
        plan().send(sandbox.client(workers=4), progress=False)
    except KeyboardInterrupt:
        run_id = mg.history(ledger=sandbox.ledger)["run_id"].iloc[0]
        run = mg.open_run(run_id, ledger=sandbox.ledger)
        assert run.state == "stopped", run.state
        assert set(run.frame["state"]) == {"accepted", "not_sent"}, run.counts
        assert run.counts["accepted"] == len(sandbox.outbox)
        sandbox.server.latency = 0
        plan().send(sandbox.client(), progress=False)
        assert len(sandbox.outbox) == 40 and sandbox.outbox["to"].is_unique
        assert asyncio.run(awaited(sandbox)) == {"already_sent": 40}
        print("well")
"""


def test_an_interrupted_send_has_every_row_on_record_and_goes_on() -> None:
    """What was in flight is accepted, the rest not sent; the next send takes it up, also when awaited."""
    found = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert found.stdout.strip().endswith("well"), found.stdout + found.stderr
