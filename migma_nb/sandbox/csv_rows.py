"""A CSV file and its column map become rows of an import (migma-api.md section 5).

The sheet names the keys of ``columnMap``; here each names the column that a field is taken from, and
``customFields`` is an object of such pairs. An empty cell is no value. ``name`` is parted at its first space.
"""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from migma_nb.sandbox.envelope import Refusal
from migma_nb.sandbox.given import Asked, checked
from migma_nb.sandbox.scope import InProject


class CsvForm(InProject):
    """The form of a CSV import."""

    file: str = Field(json_schema_extra={"format": "binary"})
    column_map: str = Field(description="JSON: the column of each field")
    on_conflict: Literal["upsert", "skip"] = "upsert"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    tags: str = Field(default="", description="Names: a JSON list, or by commas")


class ColumnMap(Asked):
    """The column that each field is taken from."""

    email: str
    first_name: str | None = None
    last_name: str | None = None
    name: str | None = None
    phone: str | None = None
    country: str | None = None
    language: str | None = None
    custom_fields: dict[str, str] = Field(default={})


def form_of(parts: Mapping[str, bytes]) -> CsvForm:
    """Read the form.

    Raises:
        Refusal: 400 for the first part at fault.
    """
    try:
        given = {name: content.decode("utf-8-sig") for name, content in parts.items()}
    except UnicodeDecodeError as error:
        raise _invalid(f"The form is not UTF-8: {error}") from error
    return checked(given, CsvForm)


def rows_of(form: CsvForm) -> list[dict[str, Any]]:
    """Read the rows of the file, each with the tags that all shall have.

    Raises:
        Refusal: 400 for a column that the file does not have, and for a file that is no CSV.
    """
    columns = checked(_json(form.column_map, "columnMap"), ColumnMap)
    reader = csv.DictReader(io.StringIO(form.file, newline=""), delimiter=form.delimiter)
    try:
        named = set(reader.fieldnames or ())
        lines = list(reader)
    except csv.Error as error:
        raise _invalid(f"file: this is no CSV: {error}") from error
    simple = columns.model_dump(by_alias=True, exclude_none=True, exclude={"custom_fields"})
    for column in (*simple.values(), *columns.custom_fields.values()):
        if column not in named:
            raise _invalid(f"columnMap: the file has no column '{column}'")
    tags = _tags(form.tags)
    return [_row(line, simple, columns.custom_fields, tags) for line in lines]


def _row(
    line: Mapping[str, str], simple: Mapping[str, str], custom: Mapping[str, str], tags: list[str]
) -> dict[str, Any]:
    row: dict[str, Any] = {field: line[column] for field, column in simple.items() if line[column]}
    if "name" in row:
        first, _, last = row.pop("name").strip().partition(" ")
        row = {"firstName": first, "lastName": last, **row}
    fields = {field: line[column] for field, column in custom.items() if line[column]}
    return {**row, "tags": tags, "customFields": fields}


def _tags(text: str) -> list[str]:
    if text.lstrip().startswith("["):
        names = _json(text, "tags")
        if not all(isinstance(name, str) for name in names):
            raise _invalid("tags: a JSON list of names is wanted")
        return list(names)
    return [name for each in text.split(",") if (name := each.strip())]


def _json(text: str, field: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"{field}: this is no JSON: {error}") from error


def _invalid(message: str) -> Refusal:
    return Refusal(400, "VALIDATION_ERROR", f"{message} (section 5).")
