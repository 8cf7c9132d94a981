"""A sheet of a workbook becomes a frame: the rows below its header, hidden ones only as was said."""

from typing import Any

import pandas as pd

from migma_nb.api.errors import InputError
from migma_nb.planning.header_line import HEAD_ROWS, find_header
from migma_nb.planning.joined_cells import Origin, refuse_joined
from migma_nb.planning.packed import Content
from migma_nb.planning.read_report import ReadReport, lines_of
from migma_nb.planning.tables import column_of
from migma_nb.planning.trimming import trimmed
from migma_nb.planning.workbooks import Rows, Sheet, read_excel, read_ods

#: What settles it in the workbook itself.
SHOW_OR_DELETE = "show such rows or delete them, and save the workbook"


def read_sheet(
    content: Content[bytes], kind: str, sheet: str | int | None, header: int | None, hidden: str | None
) -> tuple[pd.DataFrame, ReadReport]:
    """Read a sheet of a workbook.

    Args:
        content: the file.
        kind: what it is called.
        sheet: the sheet's name or its position from 0; None takes the one that has people.
        header: the number of the row with the columns' names, 0 for none, None to find it.
        hidden: "read" or "skip" rows that the sheet does not show; None asks where there are some.

    Returns:
        A row per person, and what is known of them by now.

    Raises:
        InputError: it cannot be read with certainty.
    """
    found = (read_excel if content.suffix == ".xlsx" else read_ods)(content, sheet)
    first = found.rows[: max(HEAD_ROWS, header if isinstance(header, int) else 0)]
    head = find_header(first, header, content.name, "row")
    rows, told = _shown(found, head.line, content.name, hidden)
    names = None if head.position < 0 else _wide(found.rows[head.position][1], rows)
    width = len(names) if names is not None else max((len(row) for _, row in rows), default=0)
    columns = {
        at: pd.Series([row[at] if at < len(row) else None for _, row in rows], dtype=object)
        for at in range(width)
    }
    raw = pd.DataFrame(columns, columns=range(width), dtype=object)
    blank = [number for number in found.blank if number > head.line]
    frame, repairs = trimmed(raw, names, [number for number, _ in rows], blank, "row")
    refuse_joined(frame, Origin(content.name, names is not None, sheet=True))
    report = ReadReport(
        content.name,
        kind,
        sheet=found.name,
        header=head.line,
        repairs=(*found.repairs, *told, *head.repairs, *repairs),
    )
    return _typed(frame), report


def _shown(sheet: Sheet, above: int, name: str, hidden: str | None) -> tuple[Rows, tuple[str, ...]]:
    """Return a sheet's rows below its header, and a sentence on those that it hides, if any.

    Raises:
        InputError: it hides some, and nobody said whether they are meant.
    """
    if hidden not in (None, "read", "skip"):
        raise InputError(f"hidden={hidden!r} says nothing.", hint='Write hidden="read" or hidden="skip".')
    below, unseen = [pair for pair in sheet.rows if pair[0] > above], set(sheet.hidden)
    numbers = [number for number, _ in below if number in unseen]
    if not numbers:
        return below, ()
    what = f"{len(numbers):,} hidden rows" if len(numbers) > 1 else "1 hidden row"
    if hidden is None:
        raise InputError(
            f"The sheet {sheet.name!r} of {name} has {what} ({lines_of(numbers, 'row')}): whether people who "
            "are hidden or filtered out are meant is open.",
            hint=f'Pass hidden="read" to take them, hidden="skip" to leave them out. Or: {SHOW_OR_DELETE}.',
        )
    verb = "were" if len(numbers) > 1 else "was"
    if hidden == "read":
        return below, (f"{what} {verb} read too, as given: {lines_of(numbers, 'row')}.",)
    seen = [pair for pair in below if pair[0] not in unseen]
    return seen, (f"{what} {verb} left out, as given: {lines_of(numbers, 'row')}.",)


def _wide(header: list[Any], rows: list[tuple[int, list[Any]]]) -> list[Any]:
    width = max([len(header), *(len(row) for _, row in rows)])
    return [*header, *[None] * (width - len(header))]


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    columns = {name: column_of(frame[name].tolist()) for name in frame.columns}
    return pd.DataFrame(columns, columns=frame.columns, index=frame.index)
