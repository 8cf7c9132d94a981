"""What the form's sections share: the draft they all change, the desk they all ask, and where errors go."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, TypeVar

from migma_nb.api.errors import InputError, MigmaError
from migma_nb.notebook.form_desk import Desk
from migma_nb.notebook.form_draft import Draft, Recipients
from migma_nb.notebook.notices import Notices

_R = TypeVar("_R")


class Bench:
    """The draft that is being worked on.

    Args:
        desk: what can be done.
        draft: what to begin with.
        changed: called after each change, in the thread that made it.
    """

    def __init__(self, desk: Desk, draft: Draft, changed: Callable[[], None]) -> None:
        self.desk = desk
        self.notices = Notices(desk.blank_out)
        self._draft = draft
        self._changed = changed
        self._lock = threading.RLock()
        # Held while something that was read is taken up, so that what overtakes it comes before or after it.
        self._turn = threading.RLock()
        self._threads: list[threading.Thread] = []
        self._waiting: list[threading.Thread] = []
        self._begun = False
        #: What is being read that was chosen last, by what it is for: "people" or "content".
        self._reading: dict[str, object] = {}

    @property
    def draft(self) -> Draft:
        """What was chosen so far."""
        return self._draft

    def give(self, name: str, value: Any, written: str | None = None) -> None:
        """Take up an argument of `mg.plan`; as for `Draft.given`."""
        self._put(lambda draft: draft.given(name, value, written))

    def put(self, change: Callable[[Draft], Draft]) -> None:
        """Take up several changes at once."""
        self._put(change)

    def address_to(self, recipients: Recipients | None) -> None:
        """Take up whom to mail."""
        self._put(lambda draft: draft.to(recipients))

    def in_background(
        self,
        work: Callable[[], _R],
        done: Callable[[_R], None],
        failed: Callable[[MigmaError], None] | None = None,
    ) -> None:
        """Do something that takes time in a thread of its own, and what follows from it; errors are shown.

        Args:
            work: what takes time.
            done: takes what it came to.
            failed: takes the error, where that is no more than a note beside a field.
        """

        def both() -> None:
            try:
                found = work()
            except MigmaError as error:
                if failed is None:
                    raise
                failed(error)
            else:
                done(found)

        thread = threading.Thread(
            target=copy_context().run, args=(self.notices.guard(both),), name="mnb-form-ask", daemon=True
        )
        with self._lock:
            if not self._begun:
                self._waiting.append(thread)
                return
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    @property
    def reading(self) -> bool:
        """Whether something that was chosen is still being read, so that the draft is not what was chosen."""
        return bool(self._reading)

    def read(
        self,
        purpose: str,
        work: Callable[[], _R],
        done: Callable[[_R], None],
        failed: Callable[[], None],
        wrong: Callable[[InputError], None] | None = None,
    ) -> None:
        """Read what was chosen, in the background; of one purpose only what was chosen last counts.

        Args:
            purpose: what it is for; `overtake` of the same purpose makes it count no more.
            work: reads it.
            done: takes it.
            failed: called where it could not be read, whose error is shown.
            wrong: takes the error, where what was chosen is wrong and a field says so.
        """
        this = object()
        with self._turn:
            self._reading[purpose] = this
        self._changed()

        def whole() -> None:
            try:
                found = work()
            except BaseException as error:
                with self._turn:
                    newest = self._is_over(purpose, this)
                    if newest:
                        failed()
                        self._changed()
                    if wrong is None or not isinstance(error, InputError):
                        raise
                    self.notices.errors.append(error)
                    if newest:
                        wrong(error)
                return
            with self._turn:
                if self._is_over(purpose, this):
                    done(found)
                    self._changed()

        self.in_background(whole, lambda _: None)

    def overtake(self, purpose: str) -> None:
        """Let what is being read for a purpose count no more: something else was chosen.

        What is being taken up in this moment is taken up before this returns, and nothing of it after.
        """
        with self._turn:
            self._reading.pop(purpose, None)

    def _is_over(self, purpose: str, this: object) -> bool:
        """Note that something was read; return whether it is what was chosen last."""
        newest = self._reading.get(purpose) is this
        if newest:
            del self._reading[purpose]
        return newest

    def begin(self) -> None:
        """Begin what was put off while the form was being made: until then nobody could take the answers."""
        with self._lock:
            self._begun = True
            self._threads += self._waiting
        for thread in self._waiting:
            thread.start()

    def settle(self, timeout_s: float = 60.0) -> None:
        """Wait until what was begun in the background has ended."""
        for thread in list(self._threads):
            thread.join(timeout_s)

    def _put(self, change: Callable[[Draft], Draft]) -> None:
        with self._lock:
            self._draft = change(self._draft)
        self._changed()
