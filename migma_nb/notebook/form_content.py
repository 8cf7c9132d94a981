"""The form's second part: subject, content, project, and what fills the placeholders."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from migma_nb.api.errors import InputError
from migma_nb.notebook.form_bench import Bench
from migma_nb.notebook.form_checks import Checked
from migma_nb.notebook.form_desk import Choice
from migma_nb.notebook.form_draft import Draft, uploaded_template
from migma_nb.notebook.form_fields import Field, buttons, section, shown, text
from migma_nb.notebook.form_placeholders import Placeholders
from migma_nb.notebook.form_projects import ProjectField
from migma_nb.notebook.form_search import SearchList
from migma_nb.notebook.form_sketch import CONTENTS
from migma_nb.notebook.lines import one_line
from migma_nb.notebook.looks import row
from migma_nb.planning.content import template_text

_HTML, _GENERATED = "HTML", "Generated email"


class ContentSection:
    """What is said.

    Args:
        bench: the draft, and whom to ask.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._quiet = False
        guard = bench.notices.guard
        given = bench.draft.arguments
        self._subject = Field(
            text(
                "Subject",
                given.get("subject") or "",
                guard(lambda value: bench.give("subject", value)),
                hint="such as: Hello {{first_name}}",
            ),
            "subject",
        )
        stored = "conversation_id" in given or "email_id" in given
        self._kind = buttons(
            "Content", [_HTML, _GENERATED], _GENERATED if stored else _HTML, guard(self._kind_chosen)
        )
        self._kind.add_class("mnb-content-kind")
        self._upload = widgets.FileUpload(
            accept=".html,.htm,.xhtml,.txt", multiple=False, description="Open a file"
        )
        self._upload.add_class("mnb-upload-template")
        self._upload.observe(guard(self._uploaded), "value")
        text_shown, said = _shown(given.get("template"))
        #: What stands in the box: as argument, as expression, in words.
        self._html_is: tuple[Any, str | None, str] = (given.get("template"), None, said)
        said_of_stored = self._of_content(bench.draft)
        #: The email that was chosen last, with its argument; None for none.
        self._stored_is: tuple[str, Any, str | None, str] | None = next(
            ((name, given[name], None, said_of_stored) for name in CONTENTS[1:] if name in given), None
        )
        self._html = widgets.Textarea(
            value=text_shown,
            rows=9,
            placeholder="HTML, or the path of a file; such as: <p>Hello {{first_name}}</p>",
            description="HTML",
            continuous_update=True,
        )
        self._html.add_class("mnb-template")
        self._html.observe(guard(self._typed), "value")
        self._emails = SearchList(bench, "emails", "Email", guard(self._email_chosen))
        self._content = Field(
            widgets.VBox([row(self._kind, self._upload), self._html, self._emails.widget]), "content"
        )
        self._project = ProjectField(bench)
        self._placeholders = Placeholders(bench)
        self.widget = section(
            2,
            "Content",
            self._subject.widget,
            self._content.widget,
            self._project.field.widget,
            self._placeholders.widget,
            name="content",
        )
        self._said = said_of_stored or said
        self._show_kind()

    def show(self, checked: Checked) -> None:
        """Show what was found out about the content."""
        self._emails.load()
        for name, one in (("subject", self._subject), ("content", self._content)):
            one.wrong(checked.wrong.get(name))
        if "content" not in checked.wrong:
            self._content.note(self._said)
        self._project.show(checked)
        self._placeholders.show(checked)

    def _kind_chosen(self, kind: str) -> None:
        self._show_kind()
        # Nothing is mailed that the screen does not show as chosen.
        self._bench.overtake("content")
        if kind == _HTML:
            self._take("template", *self._html_is)
        elif self._stored_is is not None:
            self._take(*self._stored_is)
        else:
            self._take(CONTENTS[0], None, None, "")

    def _show_kind(self) -> None:
        html = self._kind.value == _HTML
        shown(self._upload, html)
        shown(self._html, html)
        self._emails.show(not html)

    def _uploaded(self, change: Any) -> None:
        if not change["new"]:
            return
        (one,) = change["new"]
        name, content = str(one["name"]), bytes(one["content"])
        self._upload.value = ()
        self._bench.overtake("content")
        written, code = uploaded_template(name, content)
        self._quiet = True
        try:
            self._html.value = written
        finally:
            self._quiet = False
        self._html_is = (written, code, f"From {one_line(name, 60)}.")
        self._take("template", *self._html_is)

    def _typed(self, change: Any) -> None:
        if not self._quiet:
            self._html_is = (str(change["new"]), None, "")
            self._take("template", *self._html_is)

    def _email_chosen(self, choice: Choice) -> None:
        self._bench.overtake("content")
        self._stored_is = None
        self._take(CONTENTS[0], None, None, f"Reading {one_line(choice.name, 60)} …")

        def taken(found: tuple[str, Any, str] | Sequence[Choice]) -> None:
            if not isinstance(found, tuple):
                self._said = f"{one_line(choice.name, 60)} has {len(found)} emails: choose one."
                self._content.note(self._said)
                self._emails.offer(found)
                return
            name, value, code = found
            self._stored_is = (name, value, code, f"{one_line(choice.name, 60)}, read from the account.")
            self._take(*self._stored_is)

        def failed() -> None:
            self._said = ""
            self._emails.unchoose()

        self._bench.read("content", lambda: self._bench.desk.content(choice), taken, failed)

    def _take(self, name: str, value: Any, code: str | None, said: str) -> None:
        self._said = said

        def change(draft: Draft) -> Draft:
            for other in CONTENTS:
                draft = draft.given(other, None)
            return draft.given(name, value, code)

        self._bench.put(change)

    def _of_content(self, draft: Draft) -> str:
        found = [name for name in CONTENTS[1:] if name in draft.arguments]
        value = draft.arguments[found[0]] if found else ""
        return f"{one_line(getattr(value, 'id', value), 60)}, stored at Migma." if found else ""


def _shown(template: Any) -> tuple[str, str]:
    """Return the text of a template that was given, and where it is from, "" where it is no file."""
    if template is None:
        return "", ""
    try:
        written = template_text(template)
    except InputError:
        return str(template), ""
    return written, "" if written == template else f"From {one_line(Path(template).name, 60)}."
