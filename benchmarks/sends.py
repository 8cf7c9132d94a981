"""What a durable send costs: CPU per send against bare httpx on the same transport, at 8 in flight.

Four measurements a round, in changing order: bare httpx twice (the second is the A/A control), the same
client on the connection that ours uses, without httpx's own transport and pool ("lean"), and `plan.send`,
which claims, syncs every intent to disk, posts, and records. Each posts the same bytes with the same headers
to the same server, which runs in a process of its own and keeps its answers under their idempotency keys, as
the API does: so the proof of that is made once, by the first run, and believed for a day. What is compared is
the CPU time of this process, all threads included. Run it with::

    .venv/bin/python benchmarks/sends.py --rounds 12 --people 1000 --delay-ms 0
"""

import argparse
import asyncio
import contextlib
import resource
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pandas as pd
from lean import LeanTransport
from serving import Keys, server

import migma_nb as mg

#: What issue 3 allows: CPU per send, ours over bare.
ALLOWED = 1.25
IN_FLIGHT = 8
KEY = "benchmark-key-of-no-account"
_TEMPLATE = "<h1>Hello {{first_name}}</h1>" + "<p>Your plan renews soon, as it does each year.</p>" * 30


@dataclass(frozen=True, slots=True)
class Cost:
    """What one measurement took: CPU seconds of this process, and wall seconds."""

    cpu_s: float
    wall_s: float


def main() -> int:
    """Measure, print, and say by the exit code whether the promise holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--delay-ms", type=float, default=0.0, help="how long the server takes for an answer")
    wanted = parser.parse_args()
    with (
        server(Keys, wanted.delay_ms / 1000) as url,
        tempfile.TemporaryDirectory(prefix="migma-bench-") as place,
    ):
        bench = Bench(url, Path(place) / "ledger.sqlite3", wanted.people)
        bench.bare()
        bench.ours()
        rounds = [bench.round(number) for number in range(wanted.rounds)]
    return report(rounds, wanted.people, wanted.delay_ms)


def report(rounds: list[dict[str, Cost]], people: int, delay_ms: float) -> int:
    """Print the medians, the ratio and the control; return 1 where the ratio is above what is allowed."""
    ratios = [one["ours"].cpu_s / one["bare"].cpu_s for one in rounds]
    control = [one["again"].cpu_s / one["bare"].cpu_s for one in rounds]
    print(f"{len(rounds)} rounds of {people:,} sends, server {delay_ms:g} ms, {IN_FLIGHT} in flight")
    for name in ("bare", "again", "lean", "ours"):
        cpu = statistics.median(one[name].cpu_s for one in rounds) / people
        wall = statistics.median(one[name].wall_s for one in rounds) / people
        print(
            f"  {name:<6} {cpu * 1e3:6.3f} ms CPU a send ({1 / cpu:6.0f}/s), {1 / wall:6.0f}/s of wall time"
        )
    print(f"  A/A control: median {statistics.median(control):.3f}, {_spread(control)}")
    lean = [one["ours"].cpu_s / one["lean"].cpu_s for one in rounds]
    print(f"  ours / lean: median {statistics.median(lean):.3f}, {_spread(lean)}")
    ratio = statistics.median(ratios)
    print(f"  ours / bare: median {ratio:.3f}, {_spread(ratios)}; allowed {ALLOWED}")
    return 0 if ratio <= ALLOWED else 1


def _spread(values: list[float]) -> str:
    if len(values) < 4:  # noqa: PLR2004 - no quartiles of less
        return f"from {min(values):.3f} to {max(values):.3f}"
    low, _, high = statistics.quantiles(values, n=4)
    return f"quartiles {low:.3f} to {high:.3f}"


class Bench:
    """The two ways of sending the same requests.

    Args:
        url: the server.
        ledger: our ledger's file.
        people: how many sends a measurement has.
    """

    def __init__(self, url: str, ledger: Path, people: int) -> None:
        self._url = url
        self._ledger = ledger
        self._people = people
        self._frame = pd.DataFrame(
            {
                "email": [f"person{n}@d{n % 50}.example" for n in range(people)],
                "first_name": [f"Name{n}" for n in range(people)],
            }
        )
        planned = self._plan()._plan  # noqa: SLF001 - the very bytes that ours will post
        self.bodies = [planned.body(at) for at in range(people)]
        self._tls = httpx.create_ssl_context()

    def round(self, number: int) -> dict[str, Cost]:
        """Measure all of them, each round beginning with another one."""
        ways: list[tuple[str, Callable[[], Cost]]] = [
            ("bare", self.bare),
            ("ours", self.ours),
            ("again", self.bare),
            ("lean", self.lean),
        ]
        turn = number % len(ways)
        return {name: way() for name, way in ways[turn:] + ways[:turn]}

    def bare(self) -> Cost:
        """Post everything with a client per worker, and keep nothing."""
        with measured() as cost:
            asyncio.run(self._post_all(self._plain))
        return cost[0]

    def lean(self) -> Cost:
        """Do the same with clients on the connection that ours uses."""
        with measured() as cost:
            asyncio.run(self._post_all(lambda: LeanTransport(self._tls)))
        return cost[0]

    def ours(self) -> Cost:
        """Send a new mailing to the same people; the planning is done before."""
        plan = self._plan()
        # So fast that nobody waits for a slot; by the minute, as the API's own limits are: what is left of a
        # second's slots lapses after 50 ms, so that new ones are asked for every few rows.
        client = mg.Migma(KEY, base_url=self._url, workers=IN_FLIGHT, rate="6000000/minute")
        with measured() as cost:
            run = plan.send(client, confirm=plan.people, progress=False, ledger=self._ledger)
        if run.counts != {"accepted": self._people}:
            raise SystemExit(f"The benchmark's sends failed.\n{run.summary()}")
        return cost[0]

    def _plan(self) -> mg.SendPlan:
        return mg.plan(
            self._frame,
            mailing=f"benchmark {secrets.token_hex(6)}",
            sender="Acme <billing@acme.example>",
            subject="Hello {{first_name}}",
            template=_TEMPLATE,
            project_id="p",
            transactional=True,
        )

    def _plain(self) -> httpx.AsyncBaseTransport:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        return httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False, limits=limits)

    async def _post_all(self, transport: Callable[[], httpx.AsyncBaseTransport]) -> None:
        left = iter(self.bodies)
        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(self._post_some(left, transport()))

    async def _post_some(self, left: Iterator[bytes], transport: httpx.AsyncBaseTransport) -> None:
        fixed = {"User-Agent": "migma_nb", "Accept": "application/json", "Accept-Encoding": "identity"}
        async with httpx.AsyncClient(transport=transport, trust_env=False, headers=fixed) as client:
            for body in left:
                own = {
                    "Content-Type": "application/json",
                    "Idempotency-Key": "mnb-" + secrets.token_hex(32),
                    "Authorization": f"Bearer {KEY}",
                }
                answer = await client.post(f"{self._url}/v1/sending", content=body, headers=own)
                answer.raise_for_status()


@contextlib.contextmanager
def measured() -> Iterator[list[Cost]]:
    """Yield a list that holds the block's cost once it has ended."""
    found: list[Cost] = []
    cpu, wall = _cpu(), time.perf_counter()
    yield found
    found.append(Cost(_cpu() - cpu, time.perf_counter() - wall))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
