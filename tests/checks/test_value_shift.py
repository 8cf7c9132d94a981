"""`value_shift`: names that slid against their addresses; silent where nothing slid."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from migma_nb.planning.name_fit import NameFit, name_parts
from tests.checks.lists import addressed, plan, rows_of, told

CODE = "value_shift"
READS = {"template": "<p>Dear {{first_name}}!</p>", "defaults": {"first_name": "friend"}}
FIRST = (
    "Anna",
    "Boris",
    "Clara",
    "Dmitri",
    "Emil",
    "Frida",
    "Gustav",
    "Hanna",
    "Ivan",
    "Julia",
    "Karla",
    "Lukas",
    "Maria",
    "Niklas",
    "Olga",
    "Peter",
    "Quentin",
    "Rosa",
    "Stefan",
    "Thea",
    "Ulrich",
    "Vera",
    "Walter",
    "Xenia",
    "Yusuf",
    "Zora",
)
LAST = (
    "Adler",
    "Bauer",
    "Conrad",
    "Dietz",
    "Ebert",
    "Fuchs",
    "Graf",
    "Hahn",
    "Imhof",
    "Jung",
    "Keller",
    "Lang",
    "Meyer",
    "Nagel",
    "Otto",
)


def listed(size: int, seed: int = 7, style: str = "{first}.{last}@acme.org") -> pd.DataFrame:
    """Return a clean list of people whose addresses are made of their names."""
    chance = random.Random(seed)
    people = [(chance.choice(FIRST), chance.choice(LAST)) for _ in range(size)]
    return pd.DataFrame(
        {
            "email": [
                style.format(first=first.lower(), last=last.lower(), i=first[0].lower(), n=at)
                for at, (first, last) in enumerate(people)
            ],
            "first_name": [first for first, _ in people],
            "last_name": [last for _, last in people],
        }
    )


def shifted(people: pd.DataFrame, offset: int, first: int, last: int) -> pd.DataFrame:
    """Return a list where the names of some rows stand so many rows too low, and the rest is turned round."""
    names = people["first_name"].tolist()
    block = names[first:last]
    names[first:last] = block[-offset:] + block[:-offset]
    return people.assign(first_name=names)


def _cells(column: "pd.Series[Any]") -> list[Any]:
    return [None if pd.isna(one) else one for one in column]


@pytest.mark.parametrize("offset", [1, -1, 2, -2, 3, -3])
@pytest.mark.parametrize(("first", "last"), [(0, 60), (20, 60), (0, 30), (25, 45)])
def test_a_block_that_slid_is_named(offset: int, first: int, last: int) -> None:
    """Its rows, save a few at its ends that could stand there by chance; and no row outside of it."""
    made = plan(shifted(listed(60), offset, first, last), **READS)
    rows = rows_of(made, CODE)
    assert set(rows) <= set(range(first, last))
    assert len(rows) >= last - first - 7


@pytest.mark.parametrize("size", [8, 60, 2_000])
@pytest.mark.parametrize("offset", [1, -1, 2])
def test_a_column_that_was_turned_round_is_set_back(size: int, offset: int) -> None:
    """Every name to its own address, and the others of the list stay."""
    people = listed(size)
    fixed = plan(shifted(people, offset, 0, size), **READS).fix(CODE)
    assert people["first_name"].tolist() == fixed.people["first_name"].tolist()
    assert people["last_name"].tolist() == fixed.people["last_name"].tolist()
    assert [] == rows_of(plan(fixed.people, **READS), CODE)


def test_a_deleted_cell_is_made_good_as_far_as_can_be_known() -> None:
    """Below it everything moves down again; the name that was deleted is not invented."""
    people = listed(30)
    names = people["first_name"].tolist()
    people["first_name"] = pd.Series([*names[:10], *names[11:], None], dtype=object)
    fixed = plan(people, **READS).fix(CODE)
    assert [*names[:10], None, *names[11:]] == _cells(fixed.people["first_name"])


def test_an_inserted_cell_is_made_good_as_far_as_can_be_known() -> None:
    """The last name fell out at the end, and is not invented."""
    people = listed(30)
    names = people["first_name"].tolist()
    people["first_name"] = pd.Series([*names[:10], None, *names[10:-1]], dtype=object)
    fixed = plan(people, **READS).fix(CODE)
    assert [*names[:29], None] == _cells(fixed.people["first_name"])


def test_a_block_whose_end_is_uncertain_is_named_and_left_to_its_owner() -> None:
    """Where the names beyond it show in no address, nobody can tell where it ends."""
    people = shifted(listed(40), 1, 10, 30)
    people.loc[28:33, "email"] = [f"customer{at}@acme.org" for at in range(6)]
    people.loc[5:12, "email"] = [f"client{at}@acme.org" for at in range(8)]
    made = plan(people, **READS)
    assert rows_of(made, CODE)
    assert [] == told(made.fix(CODE))


@pytest.mark.parametrize("before", [1, 10, 137])
def test_a_block_is_the_same_whatever_clean_rows_stand_before_it(before: int) -> None:
    """With ends that hang in the balance too: an own name weighs as much as one that slid."""
    people = shifted(listed(60), 2, 10, 50)
    for row in (14, 18, 40, 44):
        people.loc[row, "first_name"] = str(people["email"][row]).partition(".")[0].title()
    people.loc[[12, 16, 42, 46], "first_name"] = None
    made = [
        plan(pd.concat([listed(n, seed=3), people], ignore_index=True), **READS) for n in (300, 300 + before)
    ]
    alone, behind = (rows_of(one, CODE) for one in made)
    assert alone
    assert [row + before for row in alone] == behind


@pytest.mark.parametrize(
    "style",
    [
        "{first}.{last}@acme.org",
        "{last}.{first}{n}@acme.org",
        "{i}{last}@acme.org",
        "{first}{n}@gmail.com",
        "customer{n}@acme.org",
    ],
)
@pytest.mark.parametrize("order", ["as it is", "by first name", "by last name", "by address"])
def test_a_clean_list_is_silent(style: str, order: str) -> None:
    """Whatever its addresses are made of, and however it is sorted."""
    keys = {
        "by first name": ["first_name"],
        "by last name": ["last_name", "first_name"],
        "by address": ["email"],
    }
    for seed in range(5):
        people = listed(400, seed, style)
        people = people.sort_values(keys[order]) if order in keys else people
        made = plan(people, template="<p>{{first_name}} {{last_name}}</p>", duplicates="first")
        assert [] == rows_of(made, CODE)


def test_names_that_have_nothing_to_do_with_addresses_are_silent() -> None:
    """A child's name beside a parent's address."""
    for seed in range(10):
        people = listed(1_000, seed)
        people["first_name"] = people["first_name"].sample(frac=1, random_state=seed).tolist()
        assert [] == rows_of(plan(people, **READS, duplicates="first"), CODE)


def household(at: int) -> tuple[str, str]:
    """Two who live together and mix up their addresses."""
    one, other = FIRST[2 * at % 26], FIRST[(2 * at + 1) % 26]
    return one, other


def test_two_who_share_a_mailbox_are_silent() -> None:
    """A single row that fits its neighbour's address is no block."""
    pairs = [household(at) for at in range(10)]
    names = [name for pair in pairs for name in pair]
    emails = [f"{one.lower()}{at}@acme.org" for at, (one, _) in enumerate(pairs) for _ in range(2)]
    people = pd.DataFrame({"email": emails, "first_name": names})
    assert [] == rows_of(plan(people, **READS, duplicates="first"), CODE)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Müller", "j.mueller@acme.org"),
        ("Müller", "j.muller@acme.org"),
        ("José", "jose7@acme.org"),
        ("O'Neill", "oneill@acme.org"),
        ("Jean-Luc", "jeanluc@acme.org"),
        ("Łukasz", "lukasz@acme.org"),
        ("Mary Jane", "jane.smith@acme.org"),
        ("Dr. Anna Groß", "gross@acme.org"),
    ],
)
def test_a_name_is_known_in_its_usual_spellings(name: str, address: str) -> None:
    """A column of such names, each beside the next row's address, is a shift; in its own place it is none."""
    others = [("Karla", "karla@acme.org"), ("Lukas", "lukas.m@acme.org"), ("Maria", "maria@acme.org")]
    people = pd.DataFrame([(name, address), *others], columns=["full_name", "email"])
    reads = {"template": "<p>{{full_name}}</p>"}
    assert [] == rows_of(plan(people, **reads), CODE)
    turned = people.assign(full_name=[*people["full_name"][1:], name])
    assert [0, 1, 2] == rows_of(plan(turned, **reads), CODE)
    assert people["full_name"].tolist() == plan(turned, **reads).fix(CODE).people["full_name"].tolist()


@pytest.mark.parametrize(
    "unread",
    [lambda people: plan(people, template="<p>x</p>"), lambda people: plan(addressed(*people["first_name"]))],
)
def test_only_names_that_the_mail_reads_are_looked_at(unread: Callable[[pd.DataFrame], object]) -> None:
    """And only in columns that are called so."""
    made = unread(shifted(listed(60), 1, 0, 60))
    assert [] == rows_of(made, CODE)  # type: ignore[arg-type]  # a plan


def test_a_list_without_names_or_addresses_is_silent() -> None:
    """Missing cells, other types, other alphabets, addresses that are none."""
    people = pd.DataFrame(
        {"email": ["bo", None, "cy@acme.org", "di@acme.org"], "first_name": [7, None, "東京", ["x"]]},
        dtype=object,
    )
    assert [] == rows_of(plan(people, **READS, address="email"), CODE)


@pytest.mark.parametrize("names", [["Ann", "Jürgen", "Smith-Jones", "Bo", None, "van der Berg"], None])
@pytest.mark.parametrize("offset", [0, 1, -3, 29])
def test_many_names_at_once_show_where_each_alone_does(names: list[str | None] | None, offset: int) -> None:
    """A few names in thousands of rows are searched for together, many different ones each by itself."""
    chance = random.Random(1)
    parts = ["ann", "juergen", "smith", "jones", "smithjones", "berg", "x.y", "info"]
    people = [f"{chance.choice(parts)}.{chance.choice(parts)}{at}@acme.org" for at in range(3_000)]
    identities = [person if chance.random() > 0.1 else None for person in people]
    named = [
        chance.choice(names) if names else f"{chance.choice('aeiou')}{chance.choice(parts)}{at % 999}x"
        for at in range(len(people))
    ]
    asked = np.array([chance.random() > 0.2 for _ in people])
    fit = NameFit.of(named, identities)
    expected = [
        row
        for row in range(len(people))
        if asked[row]
        and 0 <= row + offset < len(people)
        and (other := identities[row + offset]) is not None
        and any(part in other.partition("@")[0] for part in name_parts(named[row]))
    ]
    assert fit.at(offset, asked).tolist() == expected
    assert [row for row in range(40) if fit.shows(row, row)] == fit.at(0, np.arange(3_000) < 40).tolist()
