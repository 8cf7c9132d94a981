"""A long table in pages, with a filter, a search and an export: a view over any `TableSource`.

Controls by their labels: the filter's own, Search, Export, First, Previous, Next, Last. Classes:
`mnb-paged-table` for the whole, `mnb-scroll` around the table.
"""

import threading
from collections.abc import Callable, Sequence
from contextvars import copy_context
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from migma_nb.notebook.lines import one_line, safe
from migma_nb.notebook.looks import button, framed, labelled, row
from migma_nb.notebook.masking import masked_with
from migma_nb.notebook.notices import Notices
from migma_nb.notebook.search_box import SearchBox
from migma_nb.notebook.table_source import FrameSource, TableSource
from migma_nb.notebook.theme import COLOURS, dot

__all__ = ["FrameSource", "PagedTable", "TableSource"]

Export = Callable[[str | None, str], Path]
_LONGEST, _FITS = 160, 40
#: Head and rows are this high (pixels): a page that is not full keeps the height of a full one.
_LINE = 26
#: A row whose cells may have two lines is that much higher (pixels).
_SECOND = 18
#: And the bar that scrolls it sideways, where a page is too wide, has this much below them (pixels).
_BAR = 12


class PagedTable:
    """A table that shows one page at a time, however many rows its source has.

    Args:
        source: where the rows come from.
        label: what the table is of, such as "Problems" (str).
        size: rows a page (int).
        export: writes the rows of a choice and a search into a file and returns its path; without it there is
            no such button. It runs in a thread of its own.
        choice_label: what the rows are filtered by, such as "State" (str).
        notices: where errors are shown; without it the table has a place of its own.
        two_lines: whether the third and the fourth column go on in a second line, so that both are in sight.
    """

    def __init__(
        self,
        source: TableSource,
        *,
        label: str,
        size: int = 10,
        export: Export | None = None,
        choice_label: str = "Show",
        notices: Notices | None = None,
        two_lines: bool = False,
    ) -> None:
        self.label = label
        self.notices = notices or Notices()
        self.exporting: threading.Thread | None = None
        self._source = source
        self._size = size
        self._two_lines = two_lines
        self._start = 0
        self._total = self._most = self._largest = 0
        self._full = False
        self._quiet = False
        # A run's own thread may refresh the table while a person turns its pages.
        self._lock = threading.RLock()
        self._export = export
        self._make(choice_label, own=notices is None)
        self.refresh()

    @property
    def source(self) -> TableSource:
        """Where the rows come from; another one is shown from its first page on."""
        return self._source

    @source.setter
    def source(self, source: TableSource) -> None:
        self._source = source
        self._start = self._most = self._largest = 0
        self.refresh()

    @property
    def show_full_addresses(self) -> bool:
        """Whether addresses are shown, and so kept in the notebook, in full (bool)."""
        return self._full

    @show_full_addresses.setter
    def show_full_addresses(self, full: bool) -> None:
        self._full = full
        self._box.show_full(full=full)
        self.refresh()

    def settle(self, timeout_s: float = 60.0) -> None:
        """Wait until what was typed into the search has been looked for."""
        self._box.settle(timeout_s)

    def refresh(self) -> None:
        """Read the source anew, staying on the page."""
        with self._lock:
            pairs = self._source.choices()
            total = sum(count for _, count in pairs)
            options: list[tuple[str, tuple[str, ...]]] = [(f"All ({total:,})", ())]
            options += [(f"{one_line(name, 40) or 'nothing'} ({count:,})", (name,)) for name, count in pairs]
            if tuple(options) != tuple(self._choice.options):
                self._quietly(lambda: self._offer(options))
            self._choice.layout.display = "" if pairs else "none"
            self._draw(self._start)

    def _offer(self, options: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        """Offer these choices; what was chosen stays chosen where there still is such a choice."""
        kept = self._choice.value
        self._choice.options = options
        self._choice.value = kept if kept in {names for _, names in options} else ()

    def _make(self, choice_label: str, *, own: bool) -> None:
        guard = self.notices.guard
        self._choice = labelled(widgets.Dropdown, choice_label, "230px", options=[("All (0)", ())])
        self._box = SearchBox("Search", "230px", "text in any column", lambda: self._draw(0), self.notices)
        self._first, self._previous, self._next, self._last = (
            button(name, f"{name} page of {self.label}") for name in ("First", "Previous", "Next", "Last")
        )
        self._save = button("Export", f"Write {self.label} into a file")
        self._table, self._at, self._saved = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._choice.observe(guard(self._chosen), "value")
        self._first.on_click(guard(lambda _: self._draw(0)))
        self._previous.on_click(guard(lambda _: self._draw(self._start - self._size)))
        self._next.on_click(guard(lambda _: self._draw(self._start + self._size)))
        self._last.on_click(guard(lambda _: self._draw(self._total)))
        self._save.on_click(guard(self._write))
        tools = [self._choice, self._box.widget, *([self._save] if self._export else [])]
        pages = row(self._first, self._previous, self._next, self._last, self._at, self._saved)
        parts = [row(*tools), self._table, pages, *([self.notices.widget] if own else [])]
        self.widget = framed(*parts, name="mnb-paged-table")

    def _chosen(self, _: Any) -> None:
        with self._lock:
            if not self._quiet:
                self._draw(0)

    def _quietly(self, change: Callable[[], None]) -> None:
        self._quiet = True
        try:
            change()
        finally:
            self._quiet = False

    def _asked(self) -> tuple[str | None, str]:
        # To ipywidgets a value of None is no choice at all.
        return (self._choice.value[0] if self._choice.value else None), self._box.text

    def _draw(self, start: int) -> None:
        with self._lock:
            asked, start = self._asked(), max(0, start)
            rows, total = self._source.page(*asked, start, self._size)
            last = max(0, (total - 1) // self._size * self._size)
            if start > last:
                start = last
                rows, total = self._source.page(*asked, start, self._size)
            self._start, self._total = start, total
            self._most = max(self._most, len(rows))
            self._table.value = self._html(rows)
            self._tell()

    def _tell(self) -> None:
        """Say which rows these are, and switch off what leads nowhere."""
        end = min(self._start + self._size, self._total)
        words = f"{self._start + 1:,}–{end:,} of {self._total:,}" if self._total else "No rows"
        self._at.value = f'<span role="status">{words}</span>'
        self._largest = max(self._largest, self._total)
        for one in (self._first, self._previous, self._next, self._last):
            # Where all of it fits on one page there is nothing to turn.
            one.layout.display = None if self._largest > self._size else "none"
        self._first.disabled = self._previous.disabled = self._start == 0
        self._next.disabled = self._last.disabled = end >= self._total

    def _html(self, rows: Sequence[Sequence[str]]) -> str:
        head = "".join(f'<th scope="col">{safe(name)}</th>' for name in self._source.columns)
        body = "".join(f"<tr>{''.join(map(self._cell, cells))}</tr>" for cells in rows)
        name = "mnb-scroll mnb-two-lines" if self._two_lines else "mnb-scroll"
        high = _LINE + (_LINE + _SECOND if self._two_lines else _LINE) * self._most + _BAR
        return (
            f'<div class="{name}" tabindex="0" role="region" aria-label="{escape(self.label)}" '
            f'style="min-height:{high}px">'
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _cell(self, text: str) -> str:
        shown = text if self._full else masked_with(text, getattr(text, "private", ""))
        mark = f"{dot(text)} " if text in COLOURS else ""
        whole = f' title="{escape(one_line(shown, 600))}"' if len(shown) > _FITS else ""
        return f"<td{whole}><div>{mark}{safe(shown, _LONGEST)}</div></td>"

    def _write(self, _: Any) -> None:
        if self._export is None or (self.exporting is not None and self.exporting.is_alive()):
            return
        self._save.disabled = True
        self._saved.value = '<span role="status">Writing …</span>'
        work = self.notices.guard(self._written)
        self.exporting = threading.Thread(
            target=copy_context().run, args=(work, self._export, *self._asked()), daemon=True
        )
        self.exporting.start()

    def _written(self, export: Export, choice: str | None, search: str) -> None:
        try:
            path = export(choice, search)
            self._saved.value = f'<span role="status">Saved: {safe(path, 200)}</span>'
        except BaseException:
            self._saved.value = ""
            raise
        finally:
            self._save.disabled = False
