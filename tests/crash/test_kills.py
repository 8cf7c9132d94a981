"""SIGKILL at every durable step and every socket event, a few times in a row: nobody twice, nobody lost."""

import random
import re
from collections import Counter
from collections.abc import Callable

import pytest

from tests.crash.mailings import Mailing, well
from tests.crash.moments import HALF, STEPS
from tests.servers.scripted import Act, Call, Memory

Make = Callable[..., Mailing]
Kill = tuple[str, int]

#: A person's word is no part of a send: it has a test of its own.
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


#: At the how many-th times steps are worth a kill, by their names: as often as they surely come.
_TIMES = {
    r"mail: connect": (1, 2, 3),
    r"mail": (1, 4, 8),
    r"proof: connect|proof: (written|commit|on disk)": (1,),
    r"proof": (1, 2, 3),
    r"write": (1, 3, 5, 8),
    r"outcome: written|schema: written": (1, 3, 5),
    # An outcome shares its commit with the next intent, and with those of the other workers.
    r"outcome": (1, 2, 3),
    r"intent: written": (1, 4, 8),
    r"repeat: written": (1, 2),
    r"": (1,),
}


def numbers(step: str) -> tuple[int, ...]:
    """Return at the how many-th times a step is worth a kill."""
    return next(times for words, times in _TIMES.items() if re.match(words, step))


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
    """Return the next kills of a mailing: a first send's own, one that leaves a doubt, one that needs it."""
    firsts = [kill for kill in left if kill[0].startswith(FIRST)]
    laters = [kill for kill in left if kill[0].startswith(LATER)]
    others = [kill for kill in left if kill not in firsts and kill not in laters]
    others.sort(key=lambda kill: not kill[0].startswith("mail"))
    taken = [*firsts[:1], *others[:1]] or [("mail: receive_response_body complete", 2)]
    taken += laters[: IN_A_ROW - len(taken)]
    return taken + [kill for kill in others if kill not in taken][: IN_A_ROW - len(taken)]


@pytest.mark.parametrize("number", range(PARTS))
def test_killed_once_at_every_step_nobody_is_mailed_twice_or_lost(mailing: Make, number: int) -> None:
    """Each durable step and each socket event is really come to; accounts are true, no doubt is needless."""
    kills = part(every_step_once(), number)
    done = carry_out(kills, mailing, lambda _: well)
    assert {step for step, _ in kills} <= set(done)


def test_the_parts_hold_every_step() -> None:
    """What the parts reach together is all that there is; often, that is two hundred kills and more."""
    assert 200 < 2 * sum(len(part(every_step_often(), number)) for number in range(PARTS))
    assert set(SENDING) == {step for n in range(PARTS) for step, _ in part(every_step_once(), n)}
    assert {"mail: send_request_body started", HALF, "intent: on disk"} < set(SENDING)


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", range(PARTS))
def test_killed_often_at_every_step_by_a_server_that_errs_nobody_is_mailed_twice(
    mailing: Make, number: int
) -> None:
    """More than two hundred kills over the parts, with lost answers, refusals and time-outs between them."""
    kills = part(every_step_often(), number)
    done = carry_out(kills, mailing, lambda seed: faulty(100 * number + seed))
    done += carry_out(kills, mailing, lambda _: well)
    assert {step for step, _ in kills} <= set(done)
    assert 2 * len(kills) <= done.total()


@pytest.mark.parametrize("step", [step for step in STEPS if step.startswith("ruling")])
def test_killed_while_a_persons_word_is_written_it_is_on_record_whole_or_not_at_all(
    mailing: Make, step: str
) -> None:
    """Some rows ruled and others not would leave nobody able to say what was meant."""
    letter = mailing()
    letter.server.memory = Memory.NOTHING
    for _ in range(2):
        letter.do(step="mail: receive_response_body complete", nth=3)
    before = letter.do().states
    unknown = [who for who, state in before.items() if state == "unknown"]
    assert len(unknown) > 1
    assert letter.do("resolve", step=step).killed
    ruled = letter.asked("SELECT claim_id FROM rulings")
    assert len(ruled) == (len(unknown) if step == "ruling: on disk" else 0)
    if not ruled:
        letter.do("resolve")
    last = letter.do()
    assert not [who for who, state in last.states.items() if state == "unknown"]
    letter.check_nothing_is_open()
