"""Which transport for httpx costs least: requests per CPU-second against a Node client built on fetch.

The same bytes go to the same server, which runs in a process of its own, at 8 in flight. A round measures
every way once, each round in another order; `httpx-again` is the A/A control. What counts is the CPU time of
the client's process, all threads included. What is not installed, or Node itself where it is missing, is left
out with a word. Run it with::

    .venv/bin/python benchmarks/transports.py --rounds 10 --people 1000
    uv pip install httpx-aiohttp pyreqwest httpx2 httpx-pycurl uvloop    (the candidates, before)

The exit code is 1 where durable sends make fewer requests per CPU-second than the Node client.
"""

import argparse
import asyncio
import contextlib
import importlib
import json
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx
from sends import IN_FLIGHT, KEY, Bench, measured
from serving import Keys, server

#: What one measurement returns: CPU seconds for all its requests.
_Way = Callable[[], float]
#: After so many requests Node has compiled what it will compile; before, they cost it twice as much.
WARM = 5000
_FETCH = Path(__file__).with_name("fetch.mjs")
_FIXED = {"User-Agent": "migma_nb", "Accept": "application/json", "Accept-Encoding": "identity"}
#: As in `migma_nb.api.connection`.
_ONE: dict[str, Any] = {"max_connections": 1, "max_keepalive_connections": 1, "keepalive_expiry": 0.9}


def main() -> int:
    """Measure, print, and say by the exit code whether a durable send keeps up with Node."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--people", type=int, default=1000)
    wanted = parser.parse_args()
    with (
        server(Keys) as url,
        tempfile.TemporaryDirectory(prefix="migma-bench-") as place,
        contextlib.ExitStack() as open_,
    ):
        bench = Bench(url, Path(place) / "ledger.sqlite3", wanted.people)
        ways = _working(_ways(f"{url}/v1/sending", bench, open_))
        rounds = [_round(ways, number) for number in range(wanted.rounds)]
    return report(rounds, wanted.people)


def report(rounds: list[dict[str, float]], people: int) -> int:
    """Print each way's requests per CPU-second, and its share of the yardstick's in paired rounds."""
    yardstick = "node fetch" if "node fetch" in rounds[0] else "httpx"
    print(f"{len(rounds)} rounds of {people:,} requests, {IN_FLIGHT} in flight; rate over {yardstick}'s")
    shares = {name: [one[yardstick] / one[name] for one in rounds] for name in rounds[0]}
    for name, found in shares.items():
        cpu_s = statistics.median(one[name] for one in rounds) / people
        low, middle, high = statistics.quantiles(found, n=4)
        print(
            f"  {name:<22} {cpu_s * 1e3:6.3f} ms {1 / cpu_s:7.0f}/s {middle:6.2f} ({low:.2f} to {high:.2f})"
        )
    control = [one["httpx-again"] / one["httpx"] for one in rounds]
    low, middle, high = statistics.quantiles(control, n=4)
    print(f"  A/A control, httpx again over httpx: {middle:.3f} ({low:.3f} to {high:.3f})")
    return 0 if yardstick != "node fetch" or statistics.median(shares["ours, durable"]) >= 1 else 1


def _round(ways: dict[str, _Way], number: int) -> dict[str, float]:
    names = list(ways)
    turn = number % len(names)
    order = names[turn:] + names[:turn]
    measured_now = {name: ways[name]() for name in (reversed(order) if number % 2 else order)}
    return {name: measured_now[name] for name in names}


def _working(ways: dict[str, _Way]) -> dict[str, _Way]:
    """Return the ways that can be measured here, each once warmed up."""
    working = {}
    for name, way in ways.items():
        try:
            way()
        except ImportError as error:
            print(f"left out: {name} ({error})")
        else:
            working[name] = way
    return working


def _ways(url: str, bench: Bench, open_: contextlib.ExitStack) -> dict[str, _Way]:
    node = shutil.which("node")
    ways: dict[str, _Way] = {}
    if node is None:
        print("left out: node fetch (there is no node on this machine)")
    else:
        ways["node fetch"] = _node(node, url, bench, open_)
    context = httpx.create_ssl_context()
    transports: dict[str, Callable[[], Any]] = {
        "httpx": lambda: httpx.AsyncHTTPTransport(
            verify=context, trust_env=False, limits=httpx.Limits(**_ONE)
        ),
        "httpx2": lambda: _made("httpx2", context),
        "httpx-aiohttp": lambda: _aiohttp(context),
        "pyreqwest": _pyreqwest,
        "httpx-pycurl": _pycurl,
    }
    ways["one shared AsyncClient"] = lambda: _timed(_shared(url, bench.bodies, context))
    for name, make in transports.items():
        library = "httpx2" if name == "httpx2" else "httpx"
        post = Posting(url, bench.bodies, make, library)
        ways[name] = lambda post=post: _timed(post.all())  # type: ignore[misc]
        if name in {"httpx", "httpx-aiohttp"}:
            ways[f"{name}, uvloop"] = lambda post=post: _timed(post.all(), "uvloop")  # type: ignore[misc]
    ways["httpx-again"] = ways["httpx"]
    ways["ours, durable"] = lambda: bench.ours().cpu_s
    return ways


def _timed(work: Coroutine[Any, Any, None], loops: str = "asyncio") -> float:
    with contextlib.closing(work), measured() as cost:
        factory = importlib.import_module(loops).new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(work)
    return cost[0].cpu_s


def _node(node: str, url: str, bench: Bench, open_: contextlib.ExitStack) -> _Way:
    """Start the Node client, which lives through all rounds, as this process does."""
    command = [node, str(_FETCH), url, str(IN_FLIGHT), KEY, bench.bodies[0].decode()]
    process = open_.enter_context(
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    )
    asked, said = process.stdin, process.stdout
    if asked is None or said is None:
        raise SystemExit("Node was started without pipes.")
    open_.callback(asked.close)

    def way(count: int = len(bench.bodies)) -> float:
        asked.write(f"{count}\n")
        asked.flush()
        answer = said.readline()
        if not answer:
            raise SystemExit("The Node client ended; its own words stand above.")
        return float(json.loads(answer)["cpu_s"])

    way(WARM)
    return way


def _attribute(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _made(library: str, context: Any) -> Any:
    made = importlib.import_module(library)
    return made.AsyncHTTPTransport(verify=context, trust_env=False, limits=made.Limits(**_ONE))


def _aiohttp(context: Any) -> Any:
    # Without a context of ours it makes one for each worker: 45 ms each.
    return _attribute("httpx_aiohttp", "AiohttpTransport")(verify=context, limits=httpx.Limits(**_ONE))


def _pyreqwest() -> Any:
    client = _attribute("pyreqwest.client", "ClientBuilder")().http1_only().no_proxy().build()
    return _attribute("pyreqwest.compatibility.httpx", "HttpxTransport")(client)


def _pycurl() -> Any:
    return _attribute("httpx_pycurl", "AsyncPyCurlTransport")()


async def _shared(url: str, bodies: list[bytes], context: Any) -> None:
    async with httpx.AsyncClient(verify=context, trust_env=False, headers=_FIXED) as client:

        async def some(left: Iterator[bytes]) -> None:
            for body in left:
                answer = await client.post(url, content=body, headers=_own())
                answer.raise_for_status()

        await _so_many(some, bodies)


async def _so_many(work: Callable[[Iterator[bytes]], Coroutine[Any, Any, None]], bodies: list[bytes]) -> None:
    left = iter(bodies)
    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(work(left))


def _own() -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "Idempotency-Key": "mnb-" + secrets.token_hex(32),
        "Authorization": f"Bearer {KEY}",
    }


class Posting:
    """Posts everything with a transport per worker and no client around it, as `api/connection.py` does.

    Args:
        url: where to.
        bodies: what.
        make: makes a worker's transport.
        library: whose requests it takes: "httpx" or "httpx2".
    """

    def __init__(self, url: str, bodies: list[bytes], make: Callable[[], Any], library: str) -> None:
        self._url = url
        self._bodies = bodies
        self._make = make
        self._library = library

    async def all(self) -> None:
        """Post all of it."""
        transports = [self._make() for _ in range(IN_FLIGHT)]
        await _so_many(lambda left: self._some(left, transports.pop()), self._bodies)

    async def _some(self, left: Iterator[bytes], transport: Any) -> None:
        library = importlib.import_module(self._library)
        url = library.URL(self._url)
        extensions = {"timeout": library.Timeout(30.0).as_dict()}
        fixed = _FIXED | {"Host": url.netloc.decode("ascii")}

        class Body(library.AsyncByteStream):  # type: ignore[misc, name-defined]
            def __init__(self, body: bytes) -> None:
                self._body = body

            async def __aiter__(self) -> AsyncIterator[bytes]:
                yield self._body

        try:
            for body in left:
                headers = fixed | _own() | {"Content-Length": str(len(body))}
                request = library.Request(
                    "POST", url, headers=headers, stream=Body(body), extensions=extensions
                )
                response = await transport.handle_async_request(request)
                answer = b"".join([piece async for piece in response.stream])
                await response.aclose()
                if b'"success":true' not in answer:
                    raise SystemExit(f"The server answered {response.status_code}: {answer!r}")
        finally:
            await transport.aclose()


if __name__ == "__main__":
    sys.exit(main())
