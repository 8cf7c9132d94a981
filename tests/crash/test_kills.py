"""SIGKILL at every durable step and every socket event, a few times in a row: nobody twice, nobody lost."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from tests.crash.mailings import Mailing, well
from tests.crash.moments import HALF, STEPS
from tests.servers.scripted import Act, Call

Make = Callable[..., Mailing]
Kill = tuple[str, int]

#: A person's word is no part of a send; see the last test.
SENDING = tuple(step for step in STEPS if not step.startswith("ruling"))
#: Reached by a first send only, and only by one that finds a dead run or an open doubt.
FIRST, LATER = ("schema", "proof"), ("dead", "repeat")
IN_A_ROW = 3
TRIES = 6
PARTS = 6
FAULTS = [
    *(Act.DROP_BEFORE, Act.DROP_AFTER, Act.RESET_AFTER, Act.CUT, Act.GARBLED, Act.GATEWAY_AFTER),
    *(Act.SILENT_AFTER, Act.LATE, Act.BUSY, Act.LIMITED, Act.AT_WORK, Act.REFUSE, Act.ERROR_BEFORE),
]


def faulty(seed: int) -> Callable[[Call], Act]:
    """Return a script that does something to every third request, after a first mail that is accepted."""
    chance = random.Random(seed)
    return lambda call: chance.choice(FAULTS) if call.number > 1 and chance.random() < 1 / 3 else Act.OK


def every_step_once() -> list[Kill]:
    """Return each step with the first time that it is come to, or a later one."""
    return [(step, 1 + number % 2 * (numbers(step)[-1] > 1)) for number, step in enumerate(SENDING)]


def every_step_often() -> list[Kill]:
    """Return each step with several of the times that it is come to."""
    return [(step, nth) for step in SENDING for nth in numbers(step)]


def numbers(step: str) -> tuple[int, ...]:
    """Return at the how many-th times a step is worth a kill: as often as it surely comes."""
    kind, _, when = step.partition(": ")
    if kind == "mail":
        return (1, 2, 3) if "connect" in when else (1, 4, 8)
    if kind == "proof":
        return (1, 2, 3) if "_" in when and "connect" not in when else (1,)
    if kind == "write":
        return (1, 3, 5, 8)
    if kind == "outcome":
        return (1, 3, 5)
    if (kind, when) == ("intent", "written"):
        return (1, 4, 8)
    if (kind, when) == ("schema", "written"):
        return (1, 3, 5)
    if kind == "repeat" and when == "written":
        return (1, 2)
    return (1,)


def part(kills: list[Kill], number: int) -> list[Kill]:
    """Return one of the parts that a series is cut into, so that several processes can share it."""
    shuffled = sorted(kills)
    random.Random(7).shuffle(shuffled)
    return shuffled[number::PARTS]


def carry_out(kills: list[Kill], make: Make, script: Callable[[int], Callable[[Call], Act]]) -> Counter[str]:
    """Kill at each of these moments, in mailings of a few kills each that are then finished and checked.

    Returns:
        How many processes were killed at which step.
    """
    left, done, missed = list(kills), Counter[str](), Counter[Kill]()
    number = 0
    while left:
        number += 1
        mailing = make()
        mailing.script(script(number))
        for step, nth in chain(left):
            ended = mailing.do(step=step, nth=nth)
            if not ended.killed:
                missed[step, nth] += 1
                assert missed[step, nth] < TRIES, f"{step} was not come to {nth} times: {ended.told}"
                break
            done[step] += 1
            if (step, nth) in left:
                left.remove((step, nth))
        mailing.finish()
    return done


def chain(left: list[Kill]) -> list[Kill]:
    """Return the next kills of one mailing: a first send's own, one that leaves a doubt, one that needs it."""
    firsts = [kill for kill in left if kill[0].startswith(FIRST)]
    laters = [kill for kill in left if kill[0].startswith(LATER)]
    others = [kill for kill in left if kill not in firsts and kill not in laters]
    others.sort(key=lambda kill: not kill[0].startswith("mail"))
    taken = [*firsts[:1], *others[:1]] or [("mail: receive_response_body complete", 2)]
    taken += laters[: IN_A_ROW - len(taken)]
    return taken + [kill for kill in others if kill not in taken][: IN_A_ROW - len(taken)]


@pytest.mark.parametrize("number", range(PARTS))
def test_killed_once_at_every_step_nobody_is_mailed_twice_or_lost(mailing: Make, number: int) -> None:
    """Each durable step and each socket event is really come to; the account is true, no doubt is needless."""
    kills = part(every_step_once(), number)
    done = carry_out(kills, mailing, lambda _: well)
    assert {step for step, _ in kills} <= set(done)


def test_the_parts_hold_every_step() -> None:
    """What the parts reach together is all that there is."""
    assert set(SENDING) == {step for n in range(PARTS) for step, _ in part(every_step_once(), n)}
    assert {"mail: send_request_body started", HALF, "intent: on disk"} < set(SENDING)


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", range(PARTS))
def test_killed_often_at_every_step_by_a_server_that_errs_nobody_is_mailed_twice(
    mailing: Make, number: int, record_property: Callable[[str, object], None]
) -> None:
    """More than two hundred kills over the parts, with lost answers, refusals and time-outs between them."""
    kills = part(every_step_often(), number)
    done = carry_out(kills, mailing, lambda seed: faulty(100 * number + seed))
    done += carry_out(kills, mailing, lambda _: well)
    print(f"{done.total()} kills:", *sorted(done.items()), sep="\n")
    record_property("kills", done.total())
    assert {step for step, _ in kills} <= set(done)
    assert 2 * len(kills) <= done.total()
