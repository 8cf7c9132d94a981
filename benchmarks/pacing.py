"""How much of a limit that nobody tells `rate="auto"` uses, and how many of its requests are answered 429.

    python benchmarks/pacing.py          # on a virtual clock: every server, limit and kind of headers
    python benchmarks/pacing.py --real   # five minutes against a sandbox with a limit of its own

Run it from the project's folder. "cold" are the first five minutes ever, "warm" are the five after them.
"""

import argparse
import sys
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent.parent))

import migma_nb as mg
from tests.servers.limiting import Driver, server_of

KINDS = ("fixed", "minutes", "sliding", "bucket", "small bucket")
TELLS = ("all", "wait", "nothing")
FIVE_MINUTES_S = 300.0


def virtual(limits: list[int], seeds: int) -> pd.DataFrame:
    """Return the worst of some seeds for each server: percent of the allowed rate, and of 429s."""
    lines = []
    for limit in limits:
        for kind in KINDS:
            for tells in TELLS:
                runs = [
                    Driver(server_of(kind, limit, tells), seed=seed, begin=1e6 + 23.7 * seed).run(600)
                    for seed in range(seeds)
                ]
                line: dict[str, object] = {"limit": limit, "server": kind, "tells": tells}
                for name, since in (("cold", 0.0), ("warm", FIVE_MINUTES_S)):
                    line[f"{name} use %"] = round(
                        100 * min(run.use(since, FIVE_MINUTES_S) for run in runs), 1
                    )
                    worst = max(run.share_of_429(since, FIVE_MINUTES_S) for run in runs)
                    line[f"{name} 429 %"] = round(100 * worst, 2)
                lines.append(line)
    return pd.DataFrame(lines)


def real(limit: int) -> str:
    """Send for five minutes to a sandbox with a limit that the client is not told; return the figures."""
    people = pd.DataFrame({"email": [f"p{n}@d{n % 97}.example" for n in range(6 * limit)]})
    with mg.Sandbox(rate=f"{limit}/minute") as sandbox:
        plan = mg.plan(
            people,
            mailing="pace",
            sender="A <a@a.example>",
            subject="Hello",
            template="<p>Hello</p>",
            project_id="p",
            transactional=True,
        )
        run = plan.start(sandbox.client(rate="auto"))
        time.sleep(FIVE_MINUTES_S)
        sent = run.counts.get(mg.State.ACCEPTED, 0)
        run.stop()
        run.wait(progress=False)
        attempts = int(run.frame["attempts"].sum())
        allowed = limit * FIVE_MINUTES_S / 60
        return (
            f"{limit}/minute: {sent} of {allowed:.0f} accepted, {attempts - len(sandbox.outbox)} answered 429"
        )


def main() -> None:
    """Print the table, or the real run's line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--real", action="store_true", help="five minutes in real time")
    options.add_argument("--limits", type=int, nargs="+", default=[10, 100, 500, 1000])
    options.add_argument("--seeds", type=int, default=3)
    given = options.parse_args()
    if given.real:
        print(real(given.limits[0] if len(given.limits) == 1 else 500))
        return
    print(virtual(given.limits, given.seeds).to_string(index=False))


if __name__ == "__main__":
    main()
