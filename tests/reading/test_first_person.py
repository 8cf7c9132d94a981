"""A list without names of its columns whose first address has a slip in it: nobody is taken for a name."""

import io
from pathlib import Path

import pandas as pd
import pytest

import migma_nb as mg
from tests.mailings import MAIL

SLIPS = ["ann@acme", "ann@@acme.org", "ann @acme.org", "ann\uff20acme.org", "ann@acme.org bo@acme.org"]


@pytest.mark.parametrize("first", SLIPS)
@pytest.mark.parametrize("more", ["", ",Ann"])
def test_a_first_row_that_may_be_a_person_is_a_question(first: str, more: str) -> None:
    """With and without other columns; the answer is taken."""
    raw = f"{first}{more}\nbob@acme.org{more}\ncy@acme.org{more}\n".encode()
    with pytest.raises(mg.InputError, match=r"line 1 has .* above addresses") as caught:
        mg.read_recipients(raw)
    assert "header=0" in (caught.value.hint or "")
    assert (3, 2) == (len(mg.read_recipients(raw, header=0)), len(mg.read_recipients(raw, header=1)))


def test_a_sheet_asks_too() -> None:
    """As a CSV does."""
    made = io.BytesIO()
    rows = [["ann@@acme.org", "Ann"], ["bob@acme.org", "Bob"]]
    pd.DataFrame(rows).to_excel(made, header=False, index=False)
    with pytest.raises(mg.InputError, match=r"row 1 has .ann@@acme\.org. above addresses"):
        mg.read_recipients(made.getvalue())


@pytest.mark.parametrize("name", ["@timestamp", "Twitter@"])
def test_a_sign_in_the_name_of_another_column_is_none(name: str) -> None:
    """Only above addresses it may be one."""
    frame = mg.read_recipients(f"{name},email\n1,bob@acme.org\n".encode())
    assert [name, "email"] == list(frame.columns)
    assert 1 == mg.plan(frame, **MAIL).people


def test_a_frame_that_was_read_so_elsewhere_is_refused_and_its_column_can_be_named() -> None:
    """Also as a list of those to exclude."""
    frame = pd.DataFrame({"ann@@acme.org": ["bob@acme.org", "cy@acme.org"]})
    for given in ({"recipients": frame}, {"recipients": ["bob@acme.org"], "exclude": frame}):
        with pytest.raises(mg.InputError, match=r"stand below .ann@@acme\.org."):
            mg.plan(**given, **MAIL)
    assert 2 == mg.plan(frame, address="ann@@acme.org", **MAIL).people


def test_a_file_of_those_to_exclude_asks_before_it_loses_one(tmp_path: Path) -> None:
    """Ann would be mailed."""
    path = tmp_path / "out.csv"
    path.write_text("Ann Lee ann@acme.org\nbob@acme.org\n", encoding="utf-8")
    with pytest.raises(mg.InputError, match="above addresses"):
        mg.plan(["ann@acme.org", "bob@acme.org"], exclude=path, **MAIL)
