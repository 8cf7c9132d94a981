"""``Holdings``: what a person may put into the sandbox's account, and look at, without going through HTTP."""

from collections.abc import Iterable, Mapping
from typing import Any

from migma_nb.sandbox import email_log, views
from migma_nb.sandbox.account import Account
from migma_nb.sandbox.audience import normal_status
from migma_nb.sandbox.records import as_json
from migma_nb.sandbox.rules import PROVIDERS

Resource = dict[str, Any]


class Holdings:
    """An account in a person's hands; all of it works while the server serves, from any thread.

    Objects come back as dicts under the API's names; they are copies, a change to them changes nothing.

    Args:
        account: The account.
        generation: Whose words batches are shown in, "b" or "c".
    """

    def __init__(self, account: Account, generation: str) -> None:
        self._account = account
        self._generation = generation

    @property
    def api_key(self) -> str:
        """A key with all permissions; the same again with the same ``path``."""
        return self._account.first_key.secret

    @property
    def project_id(self) -> str:
        """The id of the project that every account begins with."""
        return str(self._account.default_project["id"])

    def make_key(self, permissions: Iterable[str]) -> str:
        """A further API key with only these permissions; ``EMAIL_SEND`` and ``email:send`` are one (S7)."""
        return self._account.make_key(permissions).secret

    def add_contact(
        self,
        email: str,
        *,
        status: str | None = None,
        tags: Iterable[str] | None = None,
        project_id: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        phone: str | None = None,
        country: str | None = None,
        language: str | None = None,
        custom_fields: Mapping[str, Any] | None = None,
        topics: Mapping[str, bool] | None = None,
    ) -> Resource:
        """Add a contact, or change the one of that address; what is None stays as it is.

        Args:
            email: The address.
            status: ``subscribed`` (the default of a new one), ``unsubscribed``, ``bounced``, ``complained``,
                ``non-subscribed`` or ``invalid``; ``active`` is ``subscribed``.
            tags: Names; tags that do not exist are made.
            project_id: The project; the account's first by default.
            first_name: Templates of batches may name it, as all that follow.
            last_name: The family name.
            phone: At most 30 characters.
            country: ISO 3166-1 alpha-2.
            language: ISO 639-1 or BCP 47.
            custom_fields: Further fields by name.
            topics: Whether the contact follows, by topic ID; else the topic's default holds.
        """
        fields = {
            "status": status,
            "tags": list(tags) if tags is not None else None,
            "firstName": first_name,
            "lastName": last_name,
            "phone": phone,
            "country": country,
            "language": language,
            "customFields": dict(custom_fields) if custom_fields is not None else None,
            "topics": dict(topics) if topics is not None else None,
        }
        with self._account.change():
            return dict(self._account.audience.put_contact(email, project_id or self.project_id, fields))

    def add_tag(self, name: str, *, project_id: str | None = None, description: str = "") -> Resource:
        """The tag of that name, made if there is none."""
        with self._account.change():
            project = project_id or self.project_id
            return dict(self._account.audience.put_tag(name, project, description=description))

    def add_segment(
        self,
        name: str,
        *,
        tags: Iterable[str] = (),
        status: Iterable[str] = (),
        custom_fields: Mapping[str, Iterable[Any]] | None = None,
        project_id: str | None = None,
    ) -> Resource:
        """A new segment: the contacts with one of the tags, one of the statuses and the custom fields.

        Args:
            name: Its name.
            tags: Tags by name or ID; none for all.
            status: Contact statuses; none for all.
            custom_fields: Allowed values by field.
            project_id: The project; the account's first by default.
        """
        with self._account.change():
            audience = self._account.audience
            project = project_id or self.project_id
            ids = [each if each in audience.tags else audience.put_tag(each, project)["id"] for each in tags]
            filters = {
                "tags": ids,
                "status": [normal_status(each) for each in status],
                "customFields": {
                    key: [str(each) for each in values] for key, values in (custom_fields or {}).items()
                },
            }
            return dict(audience.put_segment(name, project, filters))

    def add_topic(
        self, name: str, *, default_subscription: str = "opt_in", project_id: str | None = None
    ) -> Resource:
        """A new topic; ``opt_in`` has contacts in until they leave, ``opt_out`` out until they join."""
        with self._account.change():
            project = project_id or self.project_id
            fields = {"defaultSubscription": default_subscription}
            return dict(self._account.audience.put_topic(name, project, fields))

    def add_project(self, name: str) -> Resource:
        """A further project."""
        return dict(self._account.add_project(name))

    def add_domain(self, name: str, *, verified: bool = True, dns_in_place: bool = True) -> Resource:
        """A sending domain, or its new state (S10).

        Args:
            name: The domain.
            verified: Whether it may send.
            dns_in_place: Whether its DNS records are there, so that asking the API to verify it will succeed.
        """
        return dict(self._account.add_domain(name, verified=verified, dns_in_place=dns_in_place))

    def connect_provider(self, name: str) -> Resource:
        """Connect an external provider (S16)."""
        return self._set_provider(name, connected=True)

    def disconnect_provider(self, name: str) -> Resource:
        """Take an external provider off again (S16)."""
        return self._set_provider(name, connected=False)

    def _set_provider(self, name: str, *, connected: bool) -> Resource:
        if name not in PROVIDERS:
            raise ValueError(f"There is no provider {name!r}; there are {', '.join(PROVIDERS)}.")
        return dict(self._account.set_provider(name, connected=connected))

    def add_email(
        self, subject: str, html: str, *, project_id: str | None = None, conversation_id: str | None = None
    ) -> Resource:
        """A generated email (S18), which its ``emailId`` and its ``conversationId`` resolve to.

        Args:
            subject: Its subject; a send names its own nevertheless.
            html: Its HTML.
            project_id: The project; the account's first by default.
            conversation_id: A conversation to add it to; a new one by default.
        """
        project = project_id or self.project_id
        with self._account.change():
            return dict(
                self._account.add_email(subject, html, project_id=project, conversation_id=conversation_id)
            )

    def note_event(self, tracking_id: str, status: str) -> Resource:
        """Let a mail of a stored email be opened, clicked, bounced or complained of, as its log will say.

        Args:
            tracking_id: The ``sendId`` that the send was answered with.
            status: ``delivered``, ``opened``, ``clicked``, ``bounced``, ``complained``, … or
                ``unsubscribed``, which the log does not show but the figures count.

        Raises:
            ValueError: There is no such status.
            LookupError: No mail in the log has that id.
        """
        with self._account.change():
            return as_json(email_log.note_event(self._account, tracking_id, status))

    def outbox(self) -> list[Resource]:
        """One dict for each delivered message, as the person received it, blind copies included."""
        return views.outbox(self._account)

    def suppressed(self) -> list[Resource]:
        """One dict for each recipient that a send left out, with the reason (S20, S21)."""
        return views.suppressed(self._account)

    def requests(self) -> list[Resource]:
        """One dict for each request: what came, what was answered, which fault, what was accepted."""
        return views.requests(self._account)

    def sends(self) -> list[Resource]:
        """One dict for each accepted single."""
        return views.sends(self._account)

    def batches(self) -> list[Resource]:
        """One dict for each accepted batch, as ``GET /v1/sending/batches/{id}`` shows it."""
        return views.batches(self._account, self._generation)

    def campaigns(self) -> list[Resource]:
        """The campaigns, as ``GET /v1/campaigns/{id}`` shows them."""
        return views.campaigns(self._account)

    def contacts(self) -> list[Resource]:
        """The contacts."""
        with self._account.lock:
            return [dict(each) for each in self._account.audience.contacts]

    def tags(self) -> list[Resource]:
        """The tags, each with ``subscriberCount``."""
        return views.tags(self._account)

    def segments(self) -> list[Resource]:
        """The segments, each with ``count``."""
        return views.segments(self._account)

    def imports(self) -> list[Resource]:
        """The imports of contacts in the background, rows of CSV files and of JSON alike, counts included."""
        with self._account.lock:
            return [as_json(each) for each in self._account.imports]

    def topics(self) -> list[Resource]:
        """The topics."""
        with self._account.lock:
            return [dict(each) for each in self._account.audience.topics]

    def projects(self) -> list[Resource]:
        """The projects."""
        with self._account.lock:
            return [dict(each) for each in self._account.projects]

    def domains(self) -> list[Resource]:
        """The sending domains that were added."""
        with self._account.lock:
            return [dict(each) for each in self._account.domains]

    def providers(self) -> list[Resource]:
        """The external providers that were connected or disconnected."""
        with self._account.lock:
            return [dict(each) for each in self._account.providers]

    def emails(self) -> list[Resource]:
        """The generated emails."""
        with self._account.lock:
            return [dict(each) for each in self._account.emails]
