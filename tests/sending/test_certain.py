"""Whatever happened, the log settles only claims whose mail was taken."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from migma_nb.api.logs import EmailLog, LogEntry, subject_digest
from migma_nb.ledger.claimants import Claimant
from migma_nb.sending.reconciling import certain

PEOPLE = ("ann@x.example", "Bob@X.example")
SUBJECTS = ("Hello", "Your invoice")


@dataclass(frozen=True, slots=True)
class History:
    """What truly happened to one claim: whether it was taken, when its line came, whether we know its id."""

    claimant: Claimant
    taken: bool
    line_at: float
    status: str = "delivered"


@st.composite
def histories(draw: st.DrawFn) -> list[History]:
    """Mailings to two people within a few hours; some taken, some answered, some in doubt."""
    made = []
    for number in range(draw(st.integers(1, 6))):
        first = draw(st.floats(1_000_000, 1_010_000))
        last = first + draw(st.sampled_from([0.0, 0.0, 30.0]))
        taken, answered = draw(st.booleans()), draw(st.booleans())
        known = f"t{number}" if taken and answered else None
        claimant = Claimant(
            claim_id=number,
            generation=draw(st.integers(1, 2)),
            address=draw(st.sampled_from(PEOPLE)),
            subject_sha256=subject_digest(draw(st.sampled_from(SUBJECTS))),
            first_at=first,
            last_at=last,
            answered_at=last + 1,
            attempts=1 if last == first else 2,
            open=known is None and draw(st.booleans()),
            message_id=known,
        )
        made.append(
            History(claimant, taken, last + draw(st.sampled_from([0.0, 0.5, 60.0, 3000.0, 5000.0, 80_000.0])))
        )
    return made


@given(
    past=histories(), ahead_s=st.sampled_from([0.0, 0.0, -7200.0, 7200.0]), missing=st.sets(st.integers(0, 5))
)
def test_no_claim_is_settled_whose_mail_was_not_taken(
    past: list[History], ahead_s: float, missing: set[int]
) -> None:
    """Of any mailings of one email in this ledger, lines late or missing, and the log's clock off."""
    digests = {subject_digest(subject): subject for subject in SUBJECTS}
    entries = [
        LogEntry(
            f"t{one.claimant.claim_id}",
            one.claimant.address.upper(),
            digests[one.claimant.subject_sha256],
            one.status,
            one.line_at + ahead_s,
        )
        for one in past
        if one.taken and one.claimant.claim_id not in missing
    ]
    found = certain([one.claimant for one in past], EmailLog(entries, ahead_s))
    truly = {(one.claimant.claim_id, one.claimant.generation): one for one in past}
    for key, said in found.items():
        assert truly[key].taken
        assert truly[key].claimant.open
        assert said.tracking_id in {None, f"t{key[0]}"}
