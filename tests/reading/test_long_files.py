"""Files that are long, packed, damaged or endless, in pieces: within memory, and with nothing left behind."""

import gzip
import io
import os
import stat
import subprocess
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest

import migma_nb as mg
from migma_nb.planning import packed, sliced
from migma_nb.planning.long_lists import long_pieces

MEGABYTE = 1 << 20
#: Reads a list in pieces, and prints its rows, the sum of a column, and by how many bytes the memory grew.
PROGRAM = """
import resource, sys
from migma_nb.planning.long_lists import long_pieces

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

with long_pieces(sys.argv[1]) as warm:
    list(warm)
before = most()
with long_pieces(sys.argv[2]) as found:
    total = sum(frame["number"].astype(int).sum() for frame in found)
print(found.rows, total, most() - before)
"""


def lines_of(rows: int, odd: str) -> str:
    """Return so many people as CSV, one in a hundred with something odd about it."""
    line = 'person{0}@example{1}.org,"Last, First {1}",Köln {1},{0}\n'.format
    text = "".join(line(at, at % 300) + odd.format(at) * (at % 100 == 7) for at in range(rows))
    return f"email,name,city,number\n{text}"


def gzipped(text: bytes) -> bytes:
    """Return it packed by gzip."""
    return gzip.compress(text, 1)


def zipped(text: bytes) -> bytes:
    """Return it packed in a zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("people.csv", text)
    return made.getvalue()


@pytest.mark.proof
@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts memory in another way")
@pytest.mark.parametrize(
    ("name", "odd", "encoding"),
    [
        ("list.csv", "", "utf-8"),
        ("list.csv", 'x@example.org,5" pipe,Ulm,{0}\n', "utf-8"),
        ("list.csv", "", "utf-16"),
        ("list.csv", "", "cp1252"),
        ("list.csv.gz", "", "utf-8"),
        ("list.zip", "", "utf-8"),
    ],
    ids=["regular", "not regular", "utf-16", "windows-1252", "gzip", "zip"],
)
def test_memory_does_not_grow_with_the_file(name: str, odd: str, encoding: str, tmp_path: Path) -> None:
    """Of a list of 150 MB; what it takes to read one of 2,000 rows is not counted."""
    small, large = tmp_path / "small.csv", tmp_path / name
    part = lines_of(50_000, odd)
    header, _, body = part.partition("\n")
    times = 150 * MEGABYTE // len(body) + 1
    small.write_bytes(lines_of(2_000, odd).encode(encoding))
    text = f"{header}\n{body * times}".encode(encoding)
    large.write_bytes(
        gzipped(text) if name.endswith("gz") else zipped(text) if name.endswith("zip") else text
    )
    rows = body.count("\n") * times
    total = sum(int(line.rpartition(",")[2]) for line in body.splitlines()) * times
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(small), str(large)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    found = [int(number) for number in done.stdout.split()]
    assert [rows, total] == found[:2]
    assert found[2] < 110 * MEGABYTE


@pytest.mark.parametrize(
    "text",
    [
        'email,name\na@x.example,"Ann\n' + "b@x.example,Bo\n" * 2_000,
        "email,name\n" + "b@x.example,Bo\n" * 2_000 + 'a@x.example,"Ann\n' + "b@x.example,Bo\n" * 2_000,
        "email,name\n" + "x" * 20_000,
        "email,name\na@x.example," + "ä" * 20_000,
    ],
    ids=["a mark never closed", "the same far down", "a line without end", "the same in two bytes"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_row_without_end_is_refused(
    text: str, encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it fills the memory; the error says where it begins, and what to do."""
    monkeypatch.setattr(sliced, "LONGEST_ROW", 4_096)
    monkeypatch.setattr(sliced, "BLOCK", 512)
    monkeypatch.setattr("migma_nb.planning.text_rows._HEAD", 1_024)
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(mg.InputError, match=r"goes on for more than|is not UTF-8") as caught:
        long_pieces(path)
    assert "quotation mark" in (caught.value.hint or "") or "encoding=" in (caught.value.hint or "")
    if "b@x" in text[:30]:
        assert "The row that begins in line 2,002 " in caught.value.message


def test_what_unpacks_to_far_more_than_it_is_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the words that it always has."""
    monkeypatch.setattr(packed, "_ENOUGH", MEGABYTE)
    for name, pack in (("l.csv.gz", gzipped), ("l.zip", zipped)):
        path = tmp_path / name
        path.write_bytes(pack(b"email\n" + b" " * (300 * MEGABYTE // 10)))
        with pytest.raises(mg.InputError, match="would unpack to more than 200 times its size"):
            long_pieces(path)


def temporary_files() -> set[str]:
    """Return the names of all that is there of ours."""
    return {file.name for file in Path(tempfile.gettempdir()).glob("migma_nb-list-*")}


@pytest.mark.parametrize("ending", ["close", "with", "gone", "refused"])
def test_no_file_stays_open_and_none_is_left(ending: str, tmp_path: Path) -> None:
    """However the pieces end; an unclosed file would be a warning, and so an error here."""
    path = tmp_path / "list.csv.gz"
    path.write_bytes(gzipped(lines_of(500, "" if ending != "refused" else "x\n").encode("cp1252")))
    before = temporary_files()
    if ending == "refused":
        with pytest.raises(mg.InputError):
            long_pieces(path)
    else:
        found = long_pieces(path)
        frames = iter(found)
        assert 500 == len(next(frames))
        if ending == "close":
            found.close()
            found.close()
            with pytest.raises(ValueError, match="closed"):
                next(iter(found))
        elif ending == "with":
            with found:
                pass
        del found, frames
    assert temporary_files() <= before


def unnamed_files() -> dict[int, int]:
    """Return the rights of the open files of this process that no folder holds, by their number on disk."""
    found = {}
    for handle in range(256):
        with suppress(OSError):
            state = os.fstat(handle)
            if stat.S_ISREG(state.st_mode) and not state.st_nlink:
                found[state.st_ino] = stat.S_IMODE(state.st_mode)
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="there such a file has a name until it is closed")
def test_the_temporary_file_has_no_name_and_is_for_this_user_alone(tmp_path: Path) -> None:
    """So it cannot outlive the process, nor be opened by another person."""
    path = tmp_path / "list.csv"
    path.write_text(lines_of(500, ""), encoding="utf-8")
    before = unnamed_files()
    with long_pieces(path) as found:
        assert [0o600] == [mode for number, mode in unnamed_files().items() if number not in before]
        assert 500 == found.rows
    assert before == unnamed_files()


def test_several_go_through_the_same_pieces_at_once(tmp_path: Path) -> None:
    """Each from the first frame on, in its own time."""
    path = tmp_path / "list.csv"
    path.write_text(lines_of(300_000, ""), encoding="utf-8")
    with long_pieces(path) as found:
        for first, second in zip(found, found, strict=True):
            pd.testing.assert_frame_equal(first, second)
        assert 300_000 == sum(len(frame) for frame in long_pieces(path))


def test_a_list_that_is_written_to_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the old list and half of the new one would be nobody's list."""
    path = tmp_path / "list.csv"
    path.write_text(lines_of(5_000, ""), encoding="utf-8")
    read = sliced.blocks_of
    monkeypatch.setattr(sliced, "BLOCK", 50_000)

    def written_meanwhile(*data: object) -> object:
        with path.open("a", encoding="utf-8") as file:
            file.write("late@x.example,a,b,1\n")
        return read(*data)  # type: ignore[arg-type] # handed on as they came

    monkeypatch.setattr(sliced, "blocks_of", written_meanwhile)
    with pytest.raises(mg.InputError, match="was changed while it was read"):
        long_pieces(path)
    assert 5_000 < len(mg.read_recipients(path))
