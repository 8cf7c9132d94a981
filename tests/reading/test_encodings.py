"""An encoding is only taken where it is sure: of a thousand lists in many languages, none is read wrong."""

import io

import pandas as pd
import pytest

import migma_nb as mg
from tests.reading.names import NAMES, made

WESTERN = ("german", "french", "spanish", "portuguese", "nordic", "italian")


def outcome(text: str, raw: bytes) -> str:
    """Read a list, and say whether it came out "right", "wrong" or "refused"."""
    try:
        frame = mg.read_recipients(raw)
    except mg.InputError as error:
        said = "is not UTF-8: line " in error.message and "encoding=" in (error.hint or "")
        return "refused" if said else f"wrong, since it fails otherwise: {error}"
    expected = pd.read_csv(io.StringIO(text), dtype=str)
    return "right" if expected.equals(frame) else "wrong"


@pytest.mark.parametrize("language", NAMES)
@pytest.mark.parametrize("rows", [2, 8, 40])
def test_no_list_of_names_is_read_wrong(language: str, rows: int) -> None:
    """Short and long ones, with few words beyond ASCII and with many: right, or a question."""
    encoding, words = NAMES[language]
    lists = [made(words.split(), encoding, rows, seed) for seed in range(12)]
    found = {outcome(text, raw) for text, raw in lists if not raw.isascii()}
    assert found <= {"right", "refused"}


@pytest.mark.parametrize(
    "languages", [("polish", "czech"), ("hungarian", "polish"), ("polish", "german"), ("czech", "hungarian")]
)
def test_no_list_of_two_languages_of_central_europe_is_read_wrong(languages: tuple[str, str]) -> None:
    """Two alphabets explain more than one does."""
    words = " ".join(NAMES[language][1] for language in languages).split()
    for rows in (2, 8, 40):
        for seed in range(12):
            text, raw = made(words, "cp1250", rows, seed)
            assert outcome(text, raw) in {"right", "refused"}, text


@pytest.mark.parametrize("language", WESTERN)
def test_a_list_of_some_length_in_windows_1252_is_read(language: str) -> None:
    """No question is asked where forty rows answer it."""
    encoding, words = NAMES[language]
    found = [outcome(*made(words.split(), encoding, 40, seed)) for seed in range(12)]
    assert 11 <= found.count("right"), found


def test_a_list_of_german_french_and_spanish_names_is_read() -> None:
    """Customers come from everywhere."""
    words = " ".join(NAMES[language][1] for language in WESTERN[:3]).split()
    found = [outcome(*made(words, "cp1252", 60, seed)) for seed in range(12)]
    assert 11 <= found.count("right"), found


@pytest.mark.parametrize("language", ["japanese", "japanese, kanji only"])
def test_a_japanese_list_in_shift_jis_is_read(language: str) -> None:
    """Kana and common kanji leave no doubt."""
    encoding, words = NAMES[language]
    found = [outcome(*made(words.split(), encoding, 40, seed)) for seed in range(12)]
    assert ["right"] * 12 == found
