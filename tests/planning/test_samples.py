"""The sample list: made by its tool byte for byte, and a believable mix to try everything with."""

import subprocess
import sys
from pathlib import Path

import pytest

from migma_nb.api.errors import InputError
from migma_nb.planning.plan import make_plan
from migma_nb.planning.reading import read_recipients
from migma_nb.planning.samples import sample_path

TOOL = Path(__file__).parents[2] / "tools" / "make_sample.py"


def test_the_tool_makes_the_sample_byte_for_byte(tmp_path: Path) -> None:
    """Nobody edits the sample by hand."""
    made = tmp_path / "people.csv"
    subprocess.run([sys.executable, str(TOOL), str(made)], check=True, capture_output=True)
    assert sample_path("people.csv").read_bytes() == made.read_bytes()


def test_the_sample_makes_a_believable_plan() -> None:
    """Most are ready, some are broken or double, and a few are worth a look; nothing has to be decided."""
    made = make_plan(
        sample_path("people.csv"),
        mailing="2026-12 renewal",
        sender="Acme Billing <billing@acme.example>",
        subject="{{first_name}}, your plan renews on {{renews_on}}",
        template=sample_path("renewal.html"),
        project_id="proj_demo",
        transactional=True,
        defaults={"first_name": "there"},
    )
    counts = made.issues["code"].value_counts().to_dict()
    assert (500, 481, False) == (made.size, made.people, made.needs_duplicates_choice)
    assert {
        "duplicate_recipient": 22,
        "invalid_email": 7,
        "role_address": 3,
        "suspicious_text": 2,
        "missing_email": 1,
        "html_in_value": 1,
    } == counts


def test_the_sample_holds_what_real_lists_hold() -> None:
    """Leading zeros, gaps, accents and other scripts, a comma and a line break inside cells."""
    people = read_recipients(sample_path("people.csv"))
    assert people["postcode"].str.startswith("0").any()
    assert 5 < people["first_name"].isna().sum() < 12
    text = "".join(people.fillna("").to_numpy().ravel())
    assert set("éøñ東京Бł,\n") <= set(text)
    fictional = people["email"].dropna().str.contains(r"example(?:|\.com|\.net|\.org)>?$", case=False)
    assert ["anna.lind@", "lee@prairieseed", "sara.vance@tidewater.example,net"] == sorted(
        people["email"].dropna()[~fictional]
    )


def test_an_unknown_sample_is_answered_with_the_known_ones() -> None:
    """A slip names what there is."""
    with pytest.raises(InputError, match=r"Did you mean 'people\.csv'"):
        sample_path("peple.csv")
