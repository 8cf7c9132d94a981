"""The form's first part: the mailing's name, and whom it is for."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import ipywidgets as widgets

from migma_nb.api.errors import InputError
from migma_nb.notebook.form_bench import Bench
from migma_nb.notebook.form_checks import Checked
from migma_nb.notebook.form_desk import Before, Choice
from migma_nb.notebook.form_draft import ListFile, Recipients, own_name, target_recipients, uploaded_list
from migma_nb.notebook.form_fields import NOTHING, Field, buttons, dropdown, section, shown, text
from migma_nb.notebook.form_reading import ReadingFields
from migma_nb.notebook.form_search import SearchList
from migma_nb.notebook.lines import one_line
from migma_nb.notebook.looks import row
from migma_nb.notebook.masking import masked
from migma_nb.planning.columns import listed
from migma_nb.planning.read_report import ReadReport
from migma_nb.planning.reading import KNOWN_SUFFIXES

_IN_HAND, _FILE, _TAGS, _SEGMENTS = "In hand", "File", "Tag", "Segment"
_FOUND = "found by itself"
_KINDS = {_TAGS: "tags", _SEGMENTS: "segments"}
_NO_LIST = "No list is chosen now."
#: What is said while no list of a kind is chosen.
_NONE_YET = {
    _FILE: "CSV, TXT, XLSX, ODS or Parquet; nothing leaves this machine before you send.",
    _SEGMENTS: "An audience is a segment: Migma has both words for it.",
}


class ListSection:
    """Name, list and address column.

    Args:
        bench: the draft, and whom to ask.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        guard = bench.notices.guard
        in_hand = bench.draft.recipients
        #: Who was chosen last of each kind.
        self._of_kind: dict[str, Recipients | None] = {_IN_HAND: in_hand}
        given = bench.draft.arguments
        self._mailing = Field(
            text(
                "Mailing",
                given.get("mailing", ""),
                guard(lambda value: bench.give("mailing", value)),
                hint="your own name for it, such as: 2026-11 renewal",
            ),
            "mailing",
        )
        names = [*([_IN_HAND] if in_hand else []), _FILE, _TAGS, _SEGMENTS]
        self._kind = buttons("People", names, names[0], guard(self._kind_chosen))
        self._kind.add_class("mnb-people-kind")
        self._upload = widgets.FileUpload(
            accept=",".join(KNOWN_SUFFIXES), multiple=False, description="Choose a file"
        )
        self._upload.add_class("mnb-upload-list")
        self._upload.observe(guard(self._uploaded), "value")
        self._targets = {
            name: SearchList(bench, kind, name, guard(partial(self._target_chosen, name)))
            for name, kind in _KINDS.items()
        }
        self._people = Field(
            widgets.VBox([row(self._kind, self._upload), *(one.widget for one in self._targets.values())]),
            "people",
        )
        self._how = ReadingFields(bench.notices, self._read, self._refused)
        #: What was chosen last of files, whether it could be read or not.
        self._file: ListFile | None = None
        self._address = Field(
            dropdown("Address", [(_FOUND, NOTHING)], None, guard(self._address_chosen)), "address"
        )
        self._quiet = False
        self.widget = section(
            1,
            "List",
            self._mailing.widget,
            self._people.widget,
            self._how.widget,
            self._address.widget,
            name="list",
        )
        self._begin_file(None if in_hand is None else in_hand.file)
        self._show_kind()
        self._redraw()

    def show(self, checked: Checked, before: Before | None) -> None:
        """Show what was found out about the list and the name."""
        for one in self._targets.values():
            one.load()
        self._mailing.wrong(checked.wrong.get("mailing"))
        if "mailing" not in checked.wrong:
            self._mailing.note(before.words if before else "")
        if "address" in checked.wrong:
            self._address.wrong(checked.wrong["address"])
        elif checked.address is not None:
            self._address.note(masked(checked.address.note))
        else:
            self._address.note("")

    def _kind_chosen(self, _: Any) -> None:
        # Nobody is mailed whom the screen does not show as chosen.
        self._show_kind()
        self._bench.overtake("people")
        chosen = self._of_kind.get(self._kind.value)
        self._begin_file(None if chosen is None else chosen.file)
        self._take(chosen)

    def _show_kind(self) -> None:
        shown(self._upload, self._kind.value == _FILE)
        for name, one in self._targets.items():
            one.show(self._kind.value == name)

    def _uploaded(self, change: Any) -> None:
        files = change["new"]
        if not files:
            return
        (one,) = files
        name, content = str(one["name"]), bytes(one["content"])
        # What was uploaded would otherwise be kept with the notebook, all addresses in it.
        self._upload.value = ()
        self._begin_file(ListFile(own_name(name), content))
        self._read({})

    def _read(self, how: Mapping[str, Any]) -> None:
        """Read the file that was chosen last, in this way."""
        file = self._file
        if file is None:
            return

        def read() -> Recipients:
            if file.content is None:
                return replace(file, how=how).read()
            return uploaded_list(file.name, file.content, **how)

        self._people.note(f"Reading {one_line(masked(file.name), 60)} …")
        # A file in hand stays in hand, however it is read.
        kind = _FILE if file.content is not None else _IN_HAND
        self._bench.read(
            "people",
            read,
            lambda found: self._chosen(kind, found),
            self._drop,
            self._unreadable,
        )

    def _refused(self, error: InputError) -> None:
        """Say why a file is not read anew."""
        self._bench.notices.errors.append(error)
        self._bench.overtake("people")
        self._drop()
        self._none_because(error)

    def _unreadable(self, error: InputError) -> None:
        """Say why a file could not be read, and show the fields that would help."""
        self._none_because(self._how.ask(error))

    def _drop(self) -> None:
        """Let nobody be on the list: not those either who were read before, since others were chosen.

        What is in hand is there again for whoever chooses it again.
        """
        self._of_kind.pop(_FILE, None)
        self._bench.put(lambda draft: draft.unlisted())
        self._redraw()
        self._none_because(InputError("The file could not be read."))

    def _none_because(self, told: InputError) -> None:
        self._people.wrong(InputError(f"{told.message} {told.hint or ''}".strip(), hint=_NO_LIST))

    def _begin_file(self, file: ListFile | None) -> None:
        self._file = file
        self._how.begin("" if file is None else file.name, {} if file is None else file.how)

    def _target_chosen(self, kind: str, choice: Choice) -> None:
        self._bench.overtake("people")
        self._chosen(kind, target_recipients(choice.value))

    def _chosen(self, kind: str, recipients: Recipients) -> None:
        self._of_kind[kind] = recipients
        self._take(recipients)

    def put(self, old: Recipients, new: Recipients) -> None:
        """Put a list in the place of another, such as its repaired copy."""
        for kind, one in self._of_kind.items():
            if one is old:
                self._of_kind[kind] = new
        self._take(new)

    def _take(self, recipients: Recipients | None) -> None:
        self._bench.address_to(recipients)
        self._redraw()

    def _redraw(self) -> None:
        """Show whom the mailing is for, and offer the columns of that list."""
        recipients = self._bench.draft.recipients
        shown(self._address.widget, recipients is None or recipients.by_column)
        if recipients is None or not recipients.repairs:
            # A repaired copy has no report of its own: what was told of its file still holds.
            self._how.tell(None if recipients is None else ReadReport.of(recipients.value))
        names = () if recipients is None else tuple(dict.fromkeys(recipients.columns))
        if recipients is None:
            self._people.note(_NONE_YET.get(self._kind.value, ""))
        else:
            columns = f" · columns: {listed(names)}" if names else ""
            # A list without a header has somebody's address for a column's name.
            self._people.note(masked(f"{recipients.label}{columns}"))
        self._offer_columns(names)

    def _offer_columns(self, names: tuple[str, ...]) -> None:
        chosen = self._bench.draft.arguments.get("address")
        # Without a list the column that was named stays named, for the next one.
        known = names or (() if chosen is None else (str(chosen),))
        self._quiet = True
        try:
            self._address.control.options = [
                (_FOUND, NOTHING),
                *((one_line(masked(name), 40), name) for name in known),
            ]
            self._address.control.value = NOTHING if chosen is None else str(chosen)
        finally:
            self._quiet = False

    def _address_chosen(self, column: str | None) -> None:
        if not self._quiet:
            self._bench.give("address", column)
