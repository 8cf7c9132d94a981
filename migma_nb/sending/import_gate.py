"""The gate before an import: every refusal that needs no network, before anything is put on record."""

from dataclasses import dataclass

from migma_nb.api.errors import ConfirmationError, InputError
from migma_nb.api.settings import Settings
from migma_nb.planning.contacts import ContactList
from migma_nb.planning.issues import error_sentence


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a list is imported: whose accounts are read, whether rows with errors are left out, the confirm."""

    account: str = "counts"
    skip_invalid: bool = False
    confirm: int | None = None


def check(contacts: ContactList, settings: Settings, options: ImportOptions) -> None:
    """Refuse an import that is not ready to go.

    To import mails nobody and so needs no confirm. To subscribe people again who have unsubscribed does.

    Raises:
        InputError: the list has errors, a question is open, or nobody is left.
        ConfirmationError: unsubscribed people would be subscribed again, live, and that was not confirmed.
    """
    if options.account not in {"counts", "rows"}:
        raise InputError(f"account is {options.account!r}.", hint='Write account="counts" or account="rows".')
    if contacts.has_errors and not options.skip_invalid:
        raise InputError(
            f"{error_sentence(contacts.issues)} Nothing was sent.",
            hint="See plan.issues; mend the rows, or pass skip_invalid=True to leave those rows out.",
        )
    if contacts.duplicates_question:
        raise InputError(contacts.duplicates_question, hint="Nothing was sent.")
    if not contacts.ready:
        raise InputError("Nobody is left to import: every row is invalid, a duplicate or excluded.")
    people = len(contacts.ready)
    if contacts.resubscribe and not settings.sandbox and options.confirm != people:
        raise ConfirmationError(
            f"With resubscribe=True this subscribes {people:,} people, LIVE at {settings.origin}, also those "
            "who have unsubscribed. Nothing was sent.",
            hint=f"Do so only with a new consent that you can prove; then add confirm={people}.",
        )
