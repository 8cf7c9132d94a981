"""How often `value_shift` speaks where nothing slid, how often where something did, and what it costs.

Clean lists of several kinds, as they are and sorted; lists whose names have nothing to do with their
addresses; and lists of which a block slid. All are made here, by chance from a seed.

    python benchmarks/value_shift.py [--lists 50] [--rows 500] [--seed 1] [--million] [--list people.csv]
"""

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pandas as pd

import migma_nb as mg
from migma_nb.planning.name_fit import NameFit
from migma_nb.planning.shift_repair import set_back
from migma_nb.planning.value_shift import find_shifts

FIRST = (
    *("Anna", "James", "Maria", "John", "Ann", "Robert", "Mary", "Michael", "Lee", "David", "Linda", "Peter"),
    *(
        "Eva",
        "Thomas",
        "Julia",
        "Paul",
        "Laura",
        "Jan",
        "Sarah",
        "Daniel",
        "Ian",
        "Sophie",
        "Max",
        "Emma",
        "Noah",
    ),
    *(
        "José",
        "Zoë",
        "Jürgen",
        "Łukasz",
        "Søren",
        "Chloé",
        "Nina",
        "Oliver",
        "Lena",
        "Felix",
        "Amy",
        "Tim",
        "Ada",
    ),
    *(
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
        "Jo",
        "Bo",
        "Al",
    ),
    *(
        "Mary Jane",
        "Jean-Luc",
        "Anne-Marie",
        "Mohammed",
        "Fatima",
        "Wei",
        "Li",
        "Priya",
        "Arjun",
        "Olga",
        "Igor",
    ),
)
LAST = (
    *(
        "Smith",
        "Müller",
        "Lee",
        "Garcia",
        "Brown",
        "Schmidt",
        "Martin",
        "Silva",
        "Nguyen",
        "Jones",
        "Kim",
        "Weber",
    ),
    *(
        "Fischer",
        "Wagner",
        "O'Neill",
        "van der Berg",
        "Rossi",
        "Novak",
        "Kowalski",
        "Ivanov",
        "Hansen",
        "Dubois",
    ),
    *(
        "Clark",
        "Lewis",
        "Young",
        "King",
        "Wright",
        "Hill",
        "Scott",
        "Green",
        "Baker",
        "Adams",
        "Nelson",
        "Carter",
    ),
    *(
        "James",
        "Thomas",
        "Paul",
        "Daniel",
        "Wang",
        "Chen",
        "Singh",
        "Patel",
        "Yilmaz",
        "Öz",
        "Groß",
        "Ng",
        "Li",
    ),
)
STYLES = {
    "first.last": "{first}.{last}@acme.org",
    "last.first": "{last}.{first}@acme.org",
    "flast": "{i}{last}@acme.org",
    "firstN": "{first}{n}@mail.org",
    "last": "{last}@acme.org",
    "half": "",
    "numbers": "customer{n}@acme.org",
    "nicknames": "{other}{n}@mail.org",
}
ORDERS = {
    "as it came": [],
    "by first name": ["first"],
    "by last name": ["last", "first"],
    "by address": ["email"],
}
PLAIN = str.maketrans(
    {"é": "e", "ë": "e", "ü": "ue", "Ł": "l", "ł": "l", "ø": "o", "ö": "oe", "Ö": "oe", "ß": "ss"}
)


def clean(chance: random.Random, size: int, style: str) -> pd.DataFrame:
    """Make a list of people whose names and addresses belong together."""
    # A few names are frequent, most are rare, as anywhere.
    firsts = chance.choices(FIRST, [1 / (at + 3) for at in range(len(FIRST))], k=size)
    lasts = chance.choices(LAST, [1 / (at + 3) for at in range(len(LAST))], k=size)
    emails = []
    for at, (first, last) in enumerate(zip(firsts, lasts, strict=True)):
        kind = chance.choice(["first.last", "numbers"]) if style == "half" else style
        parts = {
            "first": _written(first),
            "last": _written(last),
            "n": at,
            "other": _written(chance.choice(FIRST)),
        }
        emails.append(STYLES[kind].format(**parts, i=parts["first"][:1]))  # type: ignore[index]  # a text
    return pd.DataFrame({"email": emails, "first": firsts, "last": lasts})


def _written(name: str) -> str:
    return "".join(char for char in name.lower().translate(PLAIN) if char.isalnum())


def false_alarms(args: argparse.Namespace) -> None:
    """Print how many clean lists are spoken of, by kind and by order, first and last name each."""
    chance = random.Random(args.seed)
    print(f"Clean lists of {args.rows:,} rows, names of which a shift is told:")
    told = tried = 0
    for style in STYLES:
        for order, keys in ORDERS.items():
            count = 0
            for _ in range(args.lists):
                people = clean(chance, args.rows, style)
                people = people.sort_values(keys) if keys else people
                count += sum(
                    bool(find_shifts(NameFit.of(people[name].tolist(), people["email"].tolist())))
                    for name in ("first", "last")
                )
            told, tried = told + count, tried + 2 * args.lists
            if count:
                print(f"  {style}, {order}: {count} of {2 * args.lists}")
    print(f"  altogether {told:,} of {tried:,}")
    count = 0
    for _ in range(args.lists * 10):
        people = clean(chance, args.rows, chance.choice(list(STYLES)))
        names = people["first"].tolist()
        chance.shuffle(names)
        count += bool(find_shifts(NameFit.of(names, people["email"].tolist())))
    print(f"Names that have nothing to do with the addresses: {count} of {args.lists * 10:,} lists")


def detection(args: argparse.Namespace) -> None:
    """Print how many blocks that slid are told, how many set back, and how many of those wrongly."""
    chance = random.Random(args.seed)
    print("Lists of which a block slid by 1 to 3 rows: told, set back, set back wrongly")
    for style in ("first.last", "firstN", "half", "flast"):
        for length in (5, 10, 20, 50, args.rows):
            told = mended = wrong = 0
            for _ in range(args.lists):
                people = clean(chance, args.rows, style)
                names = people["first"].tolist()
                at, by = chance.randrange(args.rows - length + 1), chance.choice([-3, -2, -1, 1, 2, 3])
                block = names[at : at + length]
                slid = [*names[:at], *block[-by:], *block[:-by], *names[at + length :]]
                emails = people["email"].tolist()
                told += bool(find_shifts(NameFit.of(slid, emails)))
                fixed = set_back(slid, emails)
                back = [fixed.get(row, name) for row, name in enumerate(slid)]
                mended += back == names
                wrong += bool(fixed) and back != names
            print(f"  {style:<11} block of {length:>4}: {told:>4} {mended:>4} {wrong:>4} of {args.lists}")


def cost(seed: int) -> None:
    """Print the CPU seconds for a million rows, clean, unrelated and slid."""
    people = clean(random.Random(seed), 1_000_000, "first.last")
    emails, names = people["email"].tolist(), people["first"].tolist()
    lists = {
        "clean": names,
        "slid as a whole": names[1:] + names[:1],
        "unrelated": random.Random(seed).sample(names, len(names)),
    }
    for kind, cells in lists.items():
        began = time.process_time()
        find_shifts(NameFit.of(cells, emails))
        print(f"A million rows, {kind}: {time.process_time() - began:.2f} CPU seconds")


def own_list(path: str) -> None:
    """Print what is told of a list of one's own, as it is, and with its names turned round by one row."""
    people = mg.read_recipients(path)
    reads = [name for name in people.columns if "name" in str(name).casefold()]
    template = " ".join(f"{{{{{name}}}}}" for name in reads)
    turned = people.assign(**{str(name): [*people[name][1:], people[name].iloc[0]] for name in reads})
    for kind, one in (("as it is", people), ("turned round", turned)):
        made = mg.plan(
            one,
            mailing="m",
            sender="A <a@acme.org>",
            subject="s",
            template=template,
            project_id="p",
            transactional=True,
        )
        shifts = made.issues.query("code == 'value_shift'")
        print(f"{path}, {kind}: {shifts.groupby('column').size().to_dict() or 'nothing told'}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", type=int, default=50)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--million", action="store_true", help="also what a million rows cost")
    parser.add_argument("--list", help="a list of your own with names and addresses")
    args = parser.parse_args()
    if args.list:
        own_list(args.list)
        return
    false_alarms(args)
    detection(args)
    if args.million:
        cost(args.seed)


if __name__ == "__main__":
    main()
