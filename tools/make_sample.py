"""Make the fictional sample list `migma_nb/data/people.csv`: the same bytes every time.

Run: python tools/make_sample.py [path]
"""

import csv
import io
import random
import sys
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

SEED = 20261122
PEOPLE = 489
HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "migma_nb" / "data" / "people.csv"
COLUMNS = (
    "first_name",
    "last_name",
    "email",
    "company",
    "city",
    "postcode",
    "country",
    "plan",
    "renews_on",
    "amount",
)

#: First and last names by language; where an address spells a name otherwise, that stands after a slash.
NAMES = {
    "en": (
        """Alice Benjamin Charlotte Daniel Eleanor Frank Grace Henry Isla Jack""",
        """Abbott Barnes Carter Dawson Ellis Fletcher Grant Hughes Irving Jennings""",
    ),
    "fr": (
        """Aurélie/aurelie Benoît/benoit Chloé/chloe Didier Élodie/elodie François/francois Zoé/zoe""",
        """Allard Béranger/beranger Carré/carre Dubois Lefèvre/lefevre Mercier Noël/noel Petit""",
    ),
    "de": (
        """Anke Björn/bjoern Greta Jürgen/juergen Käthe/kaethe Lukas Sören/soeren Ute""",
        """Bäcker/baecker Groß/gross Hoffmann Krüger/krueger Lehmann Schröder/schroeder Vogt""",
    ),
    "no": (
        """Åse/aase Bjørn/bjorn Ingrid Jørgen/jorgen Knut Marte Øystein/oystein Sigrid""",
        """Berg Dahl Eide Hårstad/haarstad Kjær/kjaer Lie Østby/ostby Solberg""",
    ),
    "es": (
        """Álvaro/alvaro Begoña/begona Carmen Íñigo/inigo Lucía/lucia Mateo Nuño/nuno Sofía/sofia""",
        """Acuña/acuna Blanco Castaño/castano Díaz/diaz Ibáñez/ibanez Muñoz/munoz Núñez/nunez""",
    ),
    "pl": (
        """Agnieszka Bartłomiej/bartlomiej Elżbieta/elzbieta Grażyna/grazyna Łukasz/lukasz Paweł/pawel""",
        """Kowalczyk Michałek/michalek Nowak Śliwa/sliwa Wójcik/wojcik Zięba/zieba""",
    ),
    "ru": (
        """Анна/anna Борис/boris Дмитрий/dmitry Екатерина/ekaterina Николай/nikolay Ольга/olga""",
        """Бондаренко/bondarenko Долгих/dolgikh Седых/sedykh Ткаченко/tkachenko Черных/chernykh""",
    ),
    "ja": (
        """陽菜/hina 蓮/ren 結衣/yui 大翔/hiroto 美咲/misaki 健太/kenta""",
        """佐藤/sato 鈴木/suzuki 高橋/takahashi 田中/tanaka 渡辺/watanabe 伊藤/ito""",
    ),
}
LANGUAGES = ["en", "en", "en", "fr", "de", "no", "es", "pl", "ru", "ja"]

#: Company, domain, city, postcode, country.
PLACES = [
    ("Kestrel Optics", "kestrel-optics.example", "Boston", "02110", "US"),
    ("Baker, Lowe & Sons", "bakerlowe.example", "Newark", "07102", "US"),
    ("Northgate Library", "northgate.example.org", "Cambridge", "02139", "US"),
    ("Prairie Seed Co-op", "prairieseed.example", "Omaha", "68102", "US"),
    ("Isla Verde Travel", "islaverde.example", "San Juan", "00901", "US"),
    ("Hollow Oak Press", "hollowoak.example.com", "Bristol", "BS1 4DJ", "GB"),
    ("Tidewater Marine", "tidewater.example.net", "Leith", "EH6 6QQ", "GB"),
    ("Café du Marché", "cafedumarche.example", "Nice", "06000", "FR"),
    ("Atelier Lumière", "atelier-lumiere.example", "Lyon", "69002", "FR"),
    ("Elbe Werkzeugbau", "elbe-werkzeug.example", "Dresden", "01067", "DE"),
    ("Müller & Töchter", "mueller-toechter.example", "Köln", "50667", "DE"),
    ("Fjordlys Energi", "fjordlys.example", "Oslo", "0150", "NO"),
    ("Smørrebrød & Co", "smorrebrod.example", "Aarhus", "8000", "DK"),
    ("Taller Peñalara", "penalara.example", "Barcelona", "08002", "ES"),
    ("Imprenta Muñiz", "imprenta-muniz.example.com", "Málaga", "29015", "ES"),
    ("Żubr Software", "zubr.example", "Kraków", "30-059", "PL"),
    ("Сибирский чай", "sibtea.example", "Томск", "634050", "RU"),
    ("東京文具", "tokyo-bungu.example", "東京", "100-0005", "JP"),
    ("Officina Rinaldi", "rinaldi.example.net", "Roma", "00184", "IT"),
    ("Amstel Data", "amsteldata.example.org", "Amsterdam", "1012 JS", "NL"),
]
PLANS = [("Starter", "9.00"), ("Team", "49.00"), ("Team", "49.00"), ("Business", "119.50")]

#: What real lists hold: addresses that are none. "" is an empty cell.
BROKEN = [
    "anna.lind@",
    "b.okafor bakerlowe.example",
    "mia@@northgate.example.org",
    "tom..hale@hollowoak.example.com",
    "Jonas Weber <jonas.weber@elbe-werkzeug.example>",
    "sara.vance@tidewater.example,net",
    "lee@prairieseed",
    "",
]
#: Offices instead of people.
OFFICES = ["office@northgate.example.org", "billing@kestrel-optics.example", "info@rinaldi.example.net"]


def make_rows() -> list[list[str]]:
    """Return all rows without the header: people, offices, broken addresses and doubles (list of lists)."""
    chance = random.Random(SEED)  # noqa: S311 - a sample, and the same one every time
    rows = _people(chance)
    for row, address in zip(_picked(chance, rows, len(BROKEN)), BROKEN, strict=True):
        row[2] = address
    valid = [row for row in rows if row[2] not in BROKEN]
    chosen = _picked(chance, valid, 28)
    for row, address in zip(chosen[:3], OFFICES, strict=True):
        row[2] = address
    for row in chosen[3:12]:
        row[0] = ""
    chosen[12][3] = "CafÃ© du MarchÃ©"
    chosen[13][3] = "#N/A"
    chosen[14][3] = "Baker, Lowe &amp; Sons"
    chosen[15][4] = "Lyon\nCedex 02"
    chosen[16][2] = "zoe.keller@bücher.example"
    for at, row in enumerate(chosen[17:28]):
        double = list(row)
        double[2] = [row[2], row[2].upper(), row[2].title()][at % 3]
        rows.insert(_below(chance, len(rows)), double)
    return rows


def _people(chance: random.Random) -> list[list[str]]:
    rows: list[list[str]] = []
    known: set[str] = set()
    while len(rows) < PEOPLE:
        first_names, last_names = NAMES[_one_of(chance, LANGUAGES)]
        first, first_ascii = _spellings(_one_of(chance, first_names.split()))
        last, last_ascii = _spellings(_one_of(chance, last_names.split()))
        company, domain, city, postcode, country = _one_of(chance, PLACES)
        address = f"{first_ascii}.{last_ascii}@{domain}"
        if address in known:
            continue
        known.add(address)
        plan, amount = _one_of(chance, PLANS)
        renews_on = f"2026-12-{1 + _below(chance, 31):02d}"
        rows.append([first, last, address, company, city, postcode, country, plan, renews_on, amount])
    return rows


def _below(chance: random.Random, limit: int) -> int:
    # Of `random`, only random() itself is promised to give the same numbers in every Python.
    return int(chance.random() * limit)


def _one_of(chance: random.Random, things: list[T]) -> T:
    return things[_below(chance, len(things))]


def _picked(chance: random.Random, rows: list[list[str]], count: int) -> list[list[str]]:
    places: list[int] = []
    while len(places) < count:
        place = _below(chance, len(rows))
        if place not in places:
            places.append(place)
    return [rows[place] for place in places]


def _spellings(name: str) -> tuple[str, str]:
    shown, _, written = name.partition("/")
    return shown, written or shown.lower()


def make_csv() -> bytes:
    """Return the whole file: UTF-8, a header, line ends as CSV has them (bytes)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(make_rows())
    return text.getvalue().encode()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.write_bytes(make_csv())
    sys.stdout.write(f"{target}\n")
