"""Broken and odd lists as people really have them, each with the frame or the refusal that is right.

Everything is made here, byte by byte and always the same; nothing is random and nothing is fetched.
"""

import gzip
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

PLAIN = "email,name\nann@x.example,Ann\nbo@x.example,Bo\n"
#: What most of the lists hold, whatever happened to them.
TWO = [["ann@x.example", "Ann"], ["bo@x.example", "Bo"]]


@dataclass(frozen=True)
class Case:
    """One file.

    Args:
        what: what is odd about it.
        content: its bytes; text is UTF-8.
        columns: the names that it must have, empty where it is refused.
        rows: the cells that it must have, missing ones as None.
        said: words that the report's repairs, encoding or summary must have; all of them.
        unsaid: words that the report must not have.
        refused: a pattern that the error must fit, "" where it is read.
        hint: words that the error's hint must have.
        name: the file's name.
        options: what is passed to `read_recipients`.
    """

    what: str
    content: bytes | str
    columns: Sequence[str] = ("email", "name")
    rows: Sequence[Sequence[Any]] = field(default_factory=lambda: TWO)
    said: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    refused: str = ""
    hint: str = ""
    name: str = "list.csv"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        """The file's bytes."""
        return self.content if isinstance(self.content, bytes) else self.content.encode()


def zipped(files: dict[str, bytes | str]) -> bytes:
    """Return a zip of these files, the same bytes each time."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return made.getvalue()


def gzipped(content: str | bytes) -> bytes:
    """Return gzipped bytes, the same each time."""
    return gzip.compress(content if isinstance(content, bytes) else content.encode(), mtime=0)


GERMAN = "email,name\nann@x.example,Jürgen Groß\nbo@x.example,Käthe Böhm\n"
GERMAN_ROWS = [["ann@x.example", "Jürgen Groß"], ["bo@x.example", "Käthe Böhm"]]
FRENCH = ["Hélène", "François", "Jérôme", "Noël", "Benoît", "Gaëlle", "Agnès", "Côté"]
SPANISH = ["Begoña Núñez", "José Muñoz", "Íñigo Peña", "Raúl García", "Ángel León", "Sofía Martínez"]
POLISH = ["Łukasz Żak", "Paweł Wójcik", "Małgorzata Dąb", "Michał Jędrzej", "Święta", "Gdańsk", "Łódź"]
CZECH = ["Jiří Dvořák", "Tomáš Čapek", "Růžena Žižková", "Ondřej Řezník", "Zdeněk", "Šárka"]
RUSSIAN = ["Иван", "Ольга", "Сергей", "Наталья", "Дмитрий", "Екатерина"]
TURKISH = ["Ayşe", "Çağlar", "Gökhan", "Şahin", "Yıldız", "Öztürk"]
JAPANESE = ["田中 太郎", "佐藤 花子", "鈴木さくら", "高橋ジョン", "渡辺 東京", "山田 大阪"]
CHINESE = ["王伟", "李娜", "张敏", "刘洋", "陈静", "杨磊"]


def listed(names: Sequence[str], encoding: str) -> bytes:
    """Return a list of these people in an encoding, with CRLF as spreadsheets write it."""
    lines = ["email,name", *(f"p{at}@x.example,{name}" for at, name in enumerate(names))]
    return "".join(f"{line}\r\n" for line in lines).encode(encoding)


def rows_of(names: Sequence[str]) -> list[list[Any]]:
    """Return the rows of such a list."""
    return [[f"p{at}@x.example", name] for at, name in enumerate(names)]


ENCODINGS = [
    Case("plain", PLAIN, said=("ASCII", "commas")),
    Case("utf-8", GERMAN, rows=GERMAN_ROWS, said=("UTF-8",)),
    Case(
        "utf-8 with a mark", b"\xef\xbb\xbf" + GERMAN.encode(), rows=GERMAN_ROWS, said=("mark was taken off",)
    ),
    Case("two marks, from two programs", "\ufeff\ufeff" + PLAIN, said=("Blanks around 1 column name",)),
    Case("utf-16 with a mark", GERMAN.encode("utf-16"), rows=GERMAN_ROWS, said=("UTF-16 with",)),
    Case(
        "utf-16-be with a mark", b"\xfe\xff" + GERMAN.encode("utf-16-be"), rows=GERMAN_ROWS, said=("UTF-16",)
    ),
    Case(
        "utf-16 without a mark", GERMAN.encode("utf-16-le"), rows=GERMAN_ROWS, said=("without a byte order",)
    ),
    Case("utf-16-be without a mark", GERMAN.encode("utf-16-be"), rows=GERMAN_ROWS, said=("without a byte",)),
    Case("utf-32 with a mark", GERMAN.encode("utf-32"), rows=GERMAN_ROWS, said=("UTF-32",)),
    Case(
        "two marks in utf-16",
        ("\ufeff" + PLAIN).encode("utf-16"),
        said=("UTF-16 with", "Blanks around 1 column name"),
    ),
    Case("utf-16 cut in half a character", GERMAN.encode("utf-16")[:-1], refused="begins as UTF-16 does"),
    Case("german in cp1252", GERMAN.encode("cp1252"), rows=GERMAN_ROWS, said=("Windows-1252",)),
    Case("french in cp1252", listed(FRENCH, "cp1252"), rows=rows_of(FRENCH), said=("Windows-1252",)),
    Case("spanish in latin-1", listed(SPANISH, "latin-1"), rows=rows_of(SPANISH), said=("Windows-1252",)),
    Case(
        "dashes and quotes of cp1252",
        listed(["Ann – “A”", "Jürgen’s"], "cp1252"),
        rows=rows_of(["Ann – “A”", "Jürgen’s"]),
        said=("Windows-1252",),
    ),
    Case(
        "one letter that two languages have",
        "email,name\na@x.example,Zoë\n".encode("cp1252"),
        refused="line 2 has the byte 0xEB.*'Zoë' in cp1252, 'Zoė' in cp1257",
        hint='encoding="cp1252"',
    ),
    Case(
        "that letter, with the answer",
        "email,name\na@x.example,Zoë\n".encode("cp1252"),
        rows=[["a@x.example", "Zoë"]],
        said=("cp1252 as given",),
        options={"encoding": "cp1252"},
    ),
    Case("polish in cp1250", listed(POLISH, "cp1250"), refused="could be read as", hint='encoding="cp1250"'),
    Case(
        "polish, with the answer",
        listed(POLISH, "cp1250"),
        rows=rows_of(POLISH),
        options={"encoding": "cp1250"},
    ),
    Case("czech in cp1250", listed(CZECH, "cp1250"), refused="not UTF-8: line 2", hint='encoding="cp1250"'),
    Case("russian in cp1251", listed(RUSSIAN, "cp1251"), refused="'Иван' in cp1251", hint="encoding="),
    Case("turkish in cp1254", listed(TURKISH, "cp1254"), refused="'Ayşe' in cp1254", hint="encoding="),
    Case("west european of an old Mac", listed(FRENCH, "mac_roman"), refused="'Hélène' in mac_roman"),
    Case("west european of DOS", listed(FRENCH, "cp850"), refused="'Hélène' in cp850"),
    Case("japanese in shift-jis", listed(JAPANESE, "shift_jis"), rows=rows_of(JAPANESE), said=("Shift-JIS",)),
    Case("chinese in gbk", listed(CHINESE, "gbk"), refused="could be read as .*gb2312"),
    Case("japanese in iso-2022", listed(JAPANESE, "iso2022_jp"), refused="ISO-2022", hint='"iso2022_jp"'),
    Case(
        "utf-8 and cp1252 in one file",
        GERMAN.encode() + "c@x.example,Zoë\n".encode("cp1252"),
        refused="texts of two encodings: line 4 has the byte 0xEB, and 2 of the 3 lines",
        hint="Correct line 4 ('Zoë' in cp1252)",
    ),
    Case(
        "utf-8 that would be words in another encoding, and one line of latin-1",
        listed(["Agnès", "Hélène", "Jérôme"], "utf-8") + "c@x.example,José\r\n".encode("latin-1"),
        refused="texts of two encodings: line 5 has the byte 0xE9, and 3 of the 4 lines",
        hint="or export the list again as CSV UTF-8",
    ),
    Case(
        "one line of utf-8 among those of cp1252",
        listed(FRENCH, "cp1252") + "c@x.example,Noël\r\n".encode(),
        refused="line 2 has the byte 0xE9. No encoding that lists come in makes words of all of it",
        hint="Save it as CSV UTF-8",
    ),
    Case("a NUL", "email\0,name\na@x.example,A\n", refused="line 1 has a NUL"),
    Case(
        "the wrong answer",
        GERMAN.encode("cp1252"),
        refused="is not utf-8: line 2 has the byte 0xFC",
        options={"encoding": "utf-8"},
    ),
    Case(
        "no encoding at all", PLAIN, refused="no encoding that Python knows", options={"encoding": "latin-99"}
    ),
    Case("the end mark of DOS", PLAIN + "\x1a", said=("Ctrl-Z",)),
]

SEPARATORS = [
    Case("semicolons", PLAIN.replace(",", ";"), said=("semicolons",)),
    Case("tabs", PLAIN.replace(",", "\t"), said=("tabs",), name="list.tsv"),
    Case("tabs in a .csv", PLAIN.replace(",", "\t"), said=("tabs",)),
    Case("commas in a .tsv", PLAIN, said=("commas",), name="list.tsv"),
    Case("vertical bars", PLAIN.replace(",", "|"), said=("vertical bars",)),
    Case(
        "semicolons beside decimal commas",
        "email;due\nann@x.example;1,50\nbo@x.example;2,00\n",
        ["email", "due"],
        [["ann@x.example", "1,50"], ["bo@x.example", "2,00"]],
        ("semicolons",),
    ),
    Case(
        "a comma in every name",
        "last, first;email\nLee, Ann;ann@x.example\nRay, Bo;bo@x.example\n",
        ["last, first", "email"],
        [["Lee, Ann", "ann@x.example"], ["Ray, Bo", "bo@x.example"]],
        ("semicolons",),
    ),
    Case(
        "two separators, each of which makes a table",
        "last, first;id\nLee, Ann;1\nRay, Bo;2\n",
        refused="commas or semicolons: both",
        hint="delimiter=';'",
    ),
    Case(
        "the same, with the answer",
        "last, first;id\nLee, Ann;1\n",
        ["last, first", "id"],
        [["Lee, Ann", "1"]],
        options={"delimiter": ";"},
    ),
    Case(
        "Excel's own first line",
        "sep=;\r\nemail;name\r\nann@x.example;Ann\r\nbo@x.example;Bo\r\n",
        said=("sep=;",),
    ),
    Case(
        "mixed separators",
        "email;name\nann@x.example;Ann\nbo@x.example,Bo\nc@x.example;C\n",
        refused="Line 3 of .* has 1 cell, the header has 2",
        hint="separated by commas, the header by semicolons",
    ),
    Case(
        "a separator that nobody else uses",
        "email~name\nann@x.example~Ann\nbo@x.example~Bo\n",
        options={"delimiter": "~"},
    ),
    Case("a letter as the separator", PLAIN, refused="delimiter='e' is no mark", options={"delimiter": "e"}),
    Case("a mark as the separator", PLAIN, refused="delimiter='\"' is no mark", options={"delimiter": '"'}),
    Case("a separator of two characters", PLAIN, refused="no single character", options={"delimiter": "::"}),
    Case(
        "one column", "email\nann@x.example\nbo@x.example\n", ["email"], [["ann@x.example"], ["bo@x.example"]]
    ),
    Case(
        "a first line that names a separator which nobody uses",
        f"sep=;\n{PLAIN}",
        refused="says that semicolons separate cells, and no row has any: commas would make a table",
        hint="delimiter=',' or delimiter=';'",
    ),
    Case(
        "that line, with the answer",
        f"sep=;\n{PLAIN}",
        said=("The first line, sep=;, was left out, since another separator is given",),
        options={"delimiter": ","},
    ),
    Case(
        "that line above one column",
        "sep=;\nemail\nann@x.example\n",
        ["email"],
        [["ann@x.example"]],
        ("sep=;",),
    ),
    *(
        Case(
            f"separated by {what}",
            PLAIN.replace(",", sign),
            refused=f"as one column, 'email{re.escape(sign)}name', whose cells hold an address and more",
            hint=f"pass delimiter={sign.strip() or sign!r}",
        )
        for what, sign in (("carets", "^"), ("colons", ":"), ("tildes", "~"), ("blanks", " "), (" : ", " : "))
    ),
    Case("carets, with the answer", PLAIN.replace(",", "^"), options={"delimiter": "^"}),
    Case("blanks, with the answer", PLAIN.replace(",", " "), options={"delimiter": " "}),
    Case(
        "columns of a width, blanks between",
        "email          name\nann@x.example  Ann Lee\nbo@x.example   Bo\n",
        refused="as one column",
        hint="separated by blanks, and not every row by as many",
    ),
    Case(
        "carets and no header",
        "ann@x.example^Ann\nbo@x.example^Bo\n",
        refused="as one column, 'email', whose cells hold an address and more: 'ann@x.example\\^Ann'",
        hint="delimiter='^'",
    ),
    Case(
        "blanks and no header",
        "ann@x.example Ann\nbo@x.example Bo\n",
        refused="as one column, 'ann@x.example Ann'",
        hint="delimiter=' '",
    ),
    Case(
        "another separator than the one given",
        PLAIN.replace(",", ";"),
        refused="as one column, 'email;name'",
        hint="Leave delimiter= out, or pass delimiter=';'",
        options={"delimiter": ","},
    ),
    Case(
        "names beside the addresses of one column",
        "Name, E-Mail\nAnn Lee <ann@x.example>\n",
        ["Name", "E-Mail"],
        refused="Line 2 of .* has 1 cell",
    ),
    Case(
        "names before the addresses of one column",
        "Name E-Mail\nAnn Lee <ann-lee@x.example>\nBo <bo@x.example>\n",
        ["Name E-Mail"],
        [["Ann Lee <ann-lee@x.example>"], ["Bo <bo@x.example>"]],
    ),
    Case(
        "a name of one column with signs in it",
        "E-Mail address (work)\nann-lee@x.example\nbo@x.example\n",
        ["E-Mail address (work)"],
        [["ann-lee@x.example"], ["bo@x.example"]],
    ),
    Case(
        "bare addresses with mailto",
        "mailto:ann@x.example\nmailto:bo@x.example\n",
        ["email"],
        [["mailto:ann@x.example"], ["mailto:bo@x.example"]],
    ),
    Case(
        "bare addresses with names that hold a comma",
        '"Lee, Ann <ann@x.example>"\n"Ray, Bo <bo@x.example>"\n',
        ["email"],
        [["Lee, Ann <ann@x.example>"], ["Ray, Bo <bo@x.example>"]],
    ),
    Case("one column, a bar in it", "note\nann|bo\nplain\n", ["note"], [["ann|bo"], ["plain"]]),
]

QUOTES = [
    Case(
        "separators, breaks and marks in marks",
        'email,note\na@x.example,"one, ""two""\nthree"\n',
        ["email", "note"],
        [["a@x.example", 'one, "two"\nthree']],
    ),
    Case(
        "CRLF with a bare break in a cell",
        'email,note\r\na@x.example,"one\ntwo"\r\n',
        ["email", "note"],
        [["a@x.example", "one\ntwo"]],
    ),
    Case(
        "CR in a cell, LF at the lines' ends",
        'email,note\na@x.example,"one\rtwo"\nb@x.example,"three"\n',
        ["email", "note"],
        [["a@x.example", "one\rtwo"], ["b@x.example", "three"]],
        unsaid=("CR",),
    ),
    Case(
        "CR in a cell, CRLF at the lines' ends",
        'email,note\r\na@x.example,"one\rtwo"\r\nb@x.example,three\r\n',
        ["email", "note"],
        [["a@x.example", "one\rtwo"], ["b@x.example", "three"]],
        unsaid=("CR",),
    ),
    Case("inches", 'email,note\na@x.example,5" pipe\n', ["email", "note"], [["a@x.example", '5" pipe']]),
    Case(
        "single marks", "'email','name'\n'ann@x.example','Ann'\n'bo@x.example','Bo'\n", said=("single quot",)
    ),
    *(
        Case(
            f"{what} in marks as a whole",
            "".join(f'"{line}"\n' for line in text.splitlines()),
            refused=f"one column, '{column}', whose cells hold an address and more: 'ann@x.example{sign}Ann'",
            hint=f"stands in quotation marks as a whole, with {words} inside",
        )
        for what, text, column, sign, words in (
            ("rows", PLAIN, "email,name", ",", "commas"),
            ("rows of semicolons", PLAIN.replace(",", ";"), "email;name", ";", "semicolons"),
            ("rows without a header", PLAIN.partition("\n")[2], "email", ",", "commas"),
        )
    ),
    Case(
        "a mark that is never closed",
        'email,name\nann@x.example,"Ann\nbo@x.example,Bo\n',
        refused="line 2: the quotation mark that opens in line 2 or before is never closed",
        hint='quote=""',
    ),
    Case(
        "marks that are not doubled",
        'email,name\nann@x.example,"Ann "the" Lee"\n',
        refused="line 2: text follows a closing quotation mark",
        hint="not doubled",
    ),
    Case(
        "marks with a backslash",
        'email,name\nann@x.example,"Ann \\"the\\" Lee"\n',
        refused="line 2: text follows",
    ),
    Case(
        "marks as text, with the answer",
        'email,name\nann@x.example,"Ann\nbo@x.example,Bo\n',
        rows=[["ann@x.example", '"Ann'], ["bo@x.example", "Bo"]],
        options={"quote": ""},
    ),
    Case(
        "a mark that swallows two people",
        'email,name\nann@x.example,"Ann\nbo@x.example,Bo\nc@x.example,C"\n',
        refused="begins in line 2 has a cell with a line in it .*'bo@x.example,Bo'",
        hint="not closed",
    ),
    Case(
        "the same, meant so",
        'email,name\nann@x.example,"Ann\nbo@x.example,Bo"\n',
        rows=[["ann@x.example", "Ann\nbo@x.example,Bo"]],
        options={"quote": '"'},
    ),
    Case("a comma as the mark", PLAIN, refused="quote=',' is no mark", hint="out", options={"quote": ","}),
    Case("a letter as the mark", PLAIN, refused="quote='n' is no mark", options={"quote": "n"}),
    Case(
        "one sign as mark and separator",
        PLAIN,
        refused="quote='~' is no mark",
        options={"delimiter": "~", "quote": "~"},
    ),
    Case("a quoted empty cell", 'email,name\nann@x.example,""\n', rows=[["ann@x.example", None]]),
    Case("blanks before a mark", 'email,name\nann@x.example, "Ann"\n', rows=[["ann@x.example", ' "Ann"']]),
    Case(
        "a cell of 200,000 characters",
        f"email,name\nann@x.example,{'x' * 200_000}\n",
        rows=[["ann@x.example", "x" * 200_000]],
    ),
]

ROWS = [
    Case("old Mac line ends", PLAIN.replace("\n", "\r"), said=("3 CR",)),
    Case(
        "mixed line ends", "email,name\r\nann@x.example,Ann\nbo@x.example,Bo\r\n", said=("2 CRLF and 1 LF",)
    ),
    Case("no last line end", PLAIN.rstrip()),
    Case(
        "line ends that are none",
        "email,name\nann@x.example,A\u2028n\u0085n\x0b\n",
        rows=[["ann@x.example", "A\u2028n\u0085n\x0b"]],
    ),
    Case(
        "an empty line in the middle",
        "email,name\nann@x.example,Ann\n\nbo@x.example,Bo\n\n\n",
        said=("Blank rows were left out: lines 3, 5 and 6",),
    ),
    Case(
        "a blank row in the middle",
        "email,name\nann@x.example,Ann\n,\n , \nbo@x.example,Bo\n",
        said=("left out: lines 3 and 4",),
    ),
    Case("blank rows before all", "\n\n" + PLAIN, said=("header in line 3",)),
    Case(
        "blank rows without separators",
        "email,name\nann@x.example,Ann\n  \nbo@x.example,Bo\n",
        said=("Blank rows were left out: line 3",),
    ),
    Case(
        "a row too long",
        "email,name\nann@x.example,Ann\nbo@x.example,Bo,x\n",
        refused="Line 3 of .* has 3 cells, the header has 2",
        hint="quotation marks",
    ),
    Case(
        "a row too short",
        "email,name\nann@x.example,Ann\nbo@x.example\n",
        refused="Line 3 of .* has 1 cell, the header has 2",
        hint="write the separators",
    ),
    Case(
        "every row too short, which is no closing note",
        "email,name\nAnn\nBo\n",
        refused="Line 2 of .* has 1 cell, the header has 2",
        hint="write the separators",
    ),
    Case(
        "rows of two widths and no header",
        "ann@x.example,Ann\nbo@x.example\n",
        refused="Line 2 of .* has 1 cell, the widest has 2",
        options={"header": 0},
    ),
    Case(
        "a row too long after a cell with a break",
        'email,name\nann@x.example,"A\nnn"\nbo@x.example,Bo,x\n',
        refused="Line 4 of .* has 3 cells",
    ),
    Case(
        "empty cells beyond the last column",
        "email,name\nann@x.example,Ann,,\nbo@x.example,Bo\n",
        said=("beyond the last column were left out in line 2",),
    ),
    Case(
        "empty columns at the end",
        "email,name,,\nann@x.example,Ann,,\nbo@x.example,Bo, ,\n",
        said=("Empty columns at the end were left out: 2",),
    ),
    Case("empty columns in the header alone", "email,name,,\nann@x.example,Ann\nbo@x.example,Bo\n"),
    Case(
        "the header once more",
        "email,name\nann@x.example,Ann\nemail,name\nbo@x.example,Bo\n",
        said=("The header stands there again and was left out: line 3",),
    ),
    Case("nothing", "", refused="is empty"),
    Case("a header only", "email,name\n", refused="has a header and no rows"),
    Case("a header and blank rows", "email,name\n,\n,\n", refused="has a header and no rows"),
    Case(
        "texts that look like nothing",
        "email,name\nNA,None\nnull,nan\n",
        rows=[["NA", "None"], ["null", "nan"]],
    ),
    Case(
        "numbers with zeros",
        "email,zip\na@x.example,00501\nb@x.example,1.0\n",
        ["email", "zip"],
        [["a@x.example", "00501"], ["b@x.example", "1.0"]],
    ),
]

MARKS = [
    Case(
        'Excel\'s ="…"',
        'email,zip\nann@x.example,="00501"\nbo@x.example,10117\n',
        ["email", "zip"],
        [["ann@x.example", "00501"], ["bo@x.example", "10117"]],
        ('1 cell was written as ="…", by which Excel keeps zeros; that was taken off.',),
    ),
    Case(
        'the same in marks, ="" and marks inside',
        'email;zip;note\n"ann@x.example";"=""00501""";=""\n"bo@x.example";"=""10117""";"=""a""""b"""\n',
        ["email", "zip", "note"],
        [["ann@x.example", "00501", None], ["bo@x.example", "10117", 'a"b']],
        ("4 cells were written as",),
    ),
    Case(
        'every cell as ="…", the names too',
        '="email",="name"\n="ann@x.example",="Ann"\n="",=""\n="email",="name"\n="bo@x.example",="Bo"\n',
        said=(
            "10 cells were written",
            "Blank rows were left out: line 3",
            "stands there again and was left out: line 4",
        ),
    ),
    Case(
        'a bare list of addresses as ="…"',
        '="ann@x.example"\n="bo@x.example"\n',
        ["email"],
        [["ann@x.example"], ["bo@x.example"]],
        ("2 cells were written",),
    ),
    Case(
        'the same ="…" as text',
        'email,zip\nann@x.example,="00501"\n',
        ["email", "zip"],
        [["ann@x.example", '="00501"']],
        unsaid=("Excel keeps zeros",),
        options={"quote": ""},
    ),
    Case(
        "what only begins like it",
        'email,note\nann@x.example,="A1"&B1\nbo@x.example,"<a href=""x"">"\n',
        ["email", "note"],
        [["ann@x.example", '="A1"&B1'], ["bo@x.example", '<a href="x">']],
        unsaid=("Excel keeps zeros",),
    ),
    Case(
        "what spreadsheets and databases left behind stays as it is, for plan.issues to tell",
        "email,a,b\nann@x.example,'00501,4.91512E+11\nbo@x.example,\\N,########\n",
        ["email", "a", "b"],
        [["ann@x.example", "'00501", "4.91512E+11"], ["bo@x.example", "\\N", "########"]],
    ),
]

HEADERS = [
    Case(
        "blanks around names",
        ' email ,"name\t"\nann@x.example,Ann\nbo@x.example,Bo\n',
        said=("2 column names",),
    ),
    Case(
        "hard blanks around names",
        "\u00a0email,name\u200b\nann@x.example,Ann\nbo@x.example,Bo\n",
        said=("Blanks around 2 column names",),
    ),
    Case(
        "a name twice, and none",
        "email,note,note,\na@x.example,1,2,3\n",
        ["email", "note", "note.1", "Unnamed: 3"],
        [["a@x.example", "1", "2", "3"]],
        ('column 3 is a second "note"', "column 4 has no name"),
    ),
    Case(
        "no header",
        "ann@x.example,Ann\nbo@x.example,Bo\n",
        refused="no header: line 1 has the address 'ann@x",
        hint="header=0",
    ),
    Case(
        "no header, with the answer",
        "ann@x.example,Ann\nbo@x.example,Bo\n",
        ["column 1", "column 2"],
        said=("no header line",),
        options={"header": 0},
    ),
    Case(
        "a bare list of addresses",
        "ann@x.example\nbo@x.example\n",
        ["email"],
        [["ann@x.example"], ["bo@x.example"]],
        ('is called "email"',),
    ),
    Case(
        "two header lines",
        "email,name\n(text),(text)\nann@x.example,Ann\n",
        refused="two header lines: line 2",
        hint="header=2",
    ),
    Case(
        "two header lines in two languages",
        "email;name\nE-Mail-Adresse;Name\nann@x.example;Ann\n",
        refused="two header lines: line 2 has “E-Mail-Adresse | Name”",
        hint="header=2",
    ),
    Case(
        "the second taken",
        "email,name\nE-Mail,Vorname\nann@x.example,Ann\n",
        ["E-Mail", "Vorname"],
        [["ann@x.example", "Ann"]],
        ("Left out above the header, line 1: “email | name”",),
        options={"header": 2},
    ),
    Case(
        "a title above",
        "Customers 2026,\nemail,name\nann@x.example,Ann\n",
        refused="begins with “Customers 2026” in line 1; the columns' names seem to be in line 2",
        hint="header=2",
    ),
    Case(
        "a title alone on its line",
        "Customers 2026\n\nemail;name\nann@x.example;Ann\nbo@x.example;Bo\n",
        refused="names seem to be in line 3",
        hint="header=3",
    ),
    Case(
        "a title, with the answer",
        "Customers 2026\n\nemail;name\nann@x.example;Ann\nbo@x.example;Bo\n",
        said=("header in line 3", "Left out above the header, line 1: “Customers 2026”"),
        options={"header": 3},
    ),
    Case(
        "groups above the names",
        "Person,,Address\nemail,name,city\nann@x.example,Ann,Ulm\n",
        refused="names seem to be in line 2: “email | name | city”",
        hint="header=2",
    ),
    Case(
        "a header where there is none",
        PLAIN,
        refused="Line 9 of .* has no columns' names",
        options={"header": 9},
    ),
    Case(
        "a frame of targets",
        "recipientType,recipientEmail,recipientId\nemail,ann@x.example,\ntag,,t1\n",
        ["recipientType", "recipientEmail", "recipientId"],
        [["email", "ann@x.example", None], ["tag", None, "t1"]],
    ),
]

OTHER = [
    Case(
        "a web page",
        "<!DOCTYPE html><html><body>Please log in</body></html>",
        refused="web page",
        hint="login",
    ),
    Case("a table that is HTML", "\n<table><tr><td>email</td></tr></table>", refused="web page or XML"),
    Case("JSON", '[{"email": "ann@x.example"}]', refused="is JSON", hint="json.load"),
    Case("a header far down", "x\n" * 40 + PLAIN, said=("header in line 41",), options={"header": 41}),
]

PACKED = [
    Case("gzip", gzipped(PLAIN), name="list.csv.gz", said=("unpacked from gzip",)),
    Case("gzip by another name", gzipped(PLAIN), said=("unpacked from gzip",)),
    Case("gzip cut off", gzipped(PLAIN)[:-9], name="list.csv.gz", refused="cannot be unpacked"),
    Case("zip", zipped({"people.csv": PLAIN}), name="list.zip", said=("people.csv was unpacked",)),
    Case(
        "a zip of a Mac",
        zipped({"p.csv": PLAIN, "__MACOSX/._p.csv": b"\0", ".DS_Store": b"\0"}),
        name="l.zip",
    ),
    Case(
        "a zip with a note beside",
        zipped({"p.csv": PLAIN, "read me.txt": "hello"}),
        name="list.zip",
        said=("beside it are read me.txt, which were not read",),
    ),
    Case(
        "a zip of two lists",
        zipped({"a.csv": PLAIN, "b.csv": PLAIN}),
        name="list.zip",
        refused="holds 2 lists",
        hint="member='a.csv' or member='b.csv'",
    ),
    Case(
        "the second of two",
        zipped({"a.csv": "email\n", "b.csv": PLAIN}),
        name="l.zip",
        options={"member": "b.csv"},
    ),
    Case("a zip of nothing", zipped({}), name="list.zip", refused="holds no file|cannot be read|no kind"),
    Case("a zip without a list", zipped({"a.docx": "x"}), name="list.zip", refused="no list, but a.docx"),
    Case("a zip cut off", zipped({"a.csv": PLAIN})[:-30], name="list.zip", refused="cannot be unpacked"),
    Case("a gzip in a zip", zipped({"a.csv.gz": gzipped(PLAIN)}), name="list.zip", said=("from gzip",)),
    Case("a text in a zip", zipped({"list.txt": PLAIN}), name="l.zip", said=("list.txt was unpacked",)),
    Case("a text that is no list by name", PLAIN, name="list.rtf", refused="ends in .rtf"),
    Case("a text without a name", PLAIN, name="list", refused="ends in nothing"),
]

PROGRAMS = [
    Case("forty blank lines above", "\n" * 40 + PLAIN, said=("header in line 41",)),
    Case(
        "more blank lines above than are looked at",
        "\n" * 250_000 + PLAIN.replace(",", ";"),
        said=("semicolons", "header in line 250,001"),
    ),
    Case(
        "a header and blank lines",
        "email,name\n" + "\n" * 50,
        refused="has a header and no rows",
        hint="check the export",
    ),
    Case(
        "a word without end in 8 bits",
        f"email,name\na@x.example,{'ü' * 100_000}\n".encode("cp1252"),
        refused=r"^.{0,600}It could be read as 'ü{40}' in cp1252.{0,400}$",
        hint='encoding="cp1252"',
    ),
    Case(
        "excel's unicode text",
        GERMAN.replace(",", "\t").replace("\n", "\r\n").encode("utf-16"),
        rows=GERMAN_ROWS,
        name="list.txt",
        said=("Text", "tabs"),
    ),
    Case("excel's text", GERMAN.replace(",", "\t").encode("cp1252"), rows=GERMAN_ROWS, name="list.txt"),
    Case("commas in a .txt", PLAIN, name="list.txt", said=("commas",)),
    Case(
        "salesforce's closing note",
        f'{PLAIN}\n"Contacts with email"\n"Copyright (c) 2024 salesforce.com, inc."\n"Generated By: Ann"\n',
        refused="Line 5 of .* has 1 cell, the header has 2",
        hint="From line 5 on stands what looks like a closing note",
    ),
    Case(
        "psql's count",
        PLAIN.replace(",", "|") + "(2 rows)\n",
        refused="Line 4 of .* has 1 cell",
        hint="From line 4 on",
    ),
    Case(
        "a bare address below is no closing note",
        f"{PLAIN}c@x.example\n",
        refused="Line 4 of .* has 1 cell",
        hint="write the separators for them",
    ),
    Case(
        "linkedin's note above, and a first person without an address",
        'Notes:\n"Some addresses are missing."\n\nName,Email Address\nAnn,\nBo,bo@x.example\n',
        refused="begins with “Notes:” in line 1; the columns' names seem to be in line 4",
        hint="header=4",
    ),
    Case(
        "names of rows as R writes them",
        '"email"\t"name"\n"1"\t"ann@x.example"\t"Ann"\n"2"\t"bo@x.example"\t"Bo"\n',
        refused="Line 2 of .* has 3 cells, the header has 2",
        hint="Every row has one cell more",
    ),
    Case(
        "a mark of the second file where two were put together",
        "email,name\n\ufeffann@x.example,Ann\nbo@x.example,Bo\n",
        rows=[["\ufeffann@x.example", "Ann"], ["bo@x.example", "Bo"]],
    ),
]

TEXTS = [*ENCODINGS, *SEPARATORS, *QUOTES, *ROWS, *MARKS, *HEADERS, *OTHER, *PACKED, *PROGRAMS]
