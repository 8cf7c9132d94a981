"""Every odd or broken file is read right, or refused with what was found and what to pass."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import migma_nb as mg
from tests.reading.corpus import TEXTS, Case


def cells(frame: pd.DataFrame) -> list[list[Any]]:
    """Return a frame's cells by row, missing ones as None."""
    return [
        [None if pd.isna(cell) else cell for cell in row] for row in frame.to_numpy(dtype=object).tolist()
    ]


def test_the_corpus_is_large_and_every_file_has_its_own_name() -> None:
    """At least 60 files."""
    assert len({case.what for case in TEXTS}) == len(TEXTS) >= 60


@pytest.mark.parametrize("case", [case for case in TEXTS if not case.refused], ids=lambda case: case.what)
def test_what_is_certain_is_read_and_every_repair_is_said(case: Case, tmp_path: Path) -> None:
    """From a path and from bytes alike: the expected frame under a plain index, and a report."""
    path = tmp_path / case.name
    path.write_bytes(case.raw)
    from_path = mg.read_recipients(path, **case.options)
    for frame in (from_path, mg.read_recipients(case.raw, **case.options, name=case.name)):
        assert list(case.columns) == list(frame.columns)
        assert [list(row) for row in case.rows] == cells(frame)
        assert {} == frame.attrs
        assert list(range(len(frame))) == frame.index.tolist()
        report = mg.ReadReport.of(frame)
        assert report is not None
        assert (len(frame), frame.shape[1]) == (report.rows, report.columns)
        for words in case.said:
            assert words in str(report)
        for words in case.unsaid:
            assert words not in str(report)


@pytest.mark.parametrize("case", [case for case in TEXTS if case.refused], ids=lambda case: case.what)
def test_what_is_not_certain_is_refused_with_what_to_do(case: Case, tmp_path: Path) -> None:
    """Never a wrong frame: the error says where, what, and what to pass."""
    path = tmp_path / case.name
    path.write_bytes(case.raw)
    with pytest.raises(mg.InputError) as caught:
        mg.read_recipients(path, **case.options)
    assert re.search(case.refused, caught.value.message), caught.value.message
    assert caught.value.hint
    assert case.hint in caught.value.hint
