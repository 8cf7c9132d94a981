"""Campaigns (migma-api.md section 7): what may become of one, and when a scheduled one is due."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from migma_nb.sandbox.acceptance import Policy, accept, members_of
from migma_nb.sandbox.account import Account
from migma_nb.sandbox.audience import Resource
from migma_nb.sandbox.delivery import Delivery
from migma_nb.sandbox.envelope import Refusal
from migma_nb.sandbox.identifiers import new_id
from migma_nb.sandbox.records import Send
from migma_nb.sandbox.rules import Wanted

#: How a campaign stands while its batch does.
_OF_BATCH = {"throttled": "throttled", "completed": "sent", "partial": "sent", "failed": "failed"}
_GOING = ("sending", "throttled")


class Campaigns:
    """The campaigns of an account. The account's lock guards it.

    What the documents leave open, decided here: a step that a campaign's status does not allow is 400 with
    the code ``INVALID_STATUS``; whoever was not reached when a going campaign is cancelled counts as failed.

    Args:
        account: Keeps them.
        policy: What is enforced.
        delivery: Delivers them.
    """

    def __init__(self, account: Account, policy: Policy, delivery: Delivery) -> None:
        self._account = account
        self._policy = policy
        self._delivery = delivery
        for campaign in account.campaigns:
            if campaign["status"] == "scheduled":
                self._plan(campaign)

    def create(self, fields: Resource) -> Resource:
        """A new draft.

        Args:
            fields: The body's, under the API's names, with None for what is absent.

        Raises:
            Refusal: 404 for a recipient, project, conversation or email that is none.
        """
        account, now = self._account, self._account.clock.timestamp()
        draft: Resource = {"id": new_id(), **fields, "status": "draft", "createdAt": now, "updatedAt": now}
        blank = (
            "scheduledAt",
            "scheduledTimezone",
            "batchId",
            "sentAt",
            "completedAt",
            "error",
            "archivedAt",
        )
        draft |= dict.fromkeys(blank) | {"archived": False}
        email = self._email(draft)
        if email and not draft["emailId"]:
            draft["emailId"] = email["emailId"]
        if not draft["subject"]:
            # In a rehearsal the stored email may be known to Migma alone.
            unknown = f"[The subject of conversation {draft['conversationId']}]"
            draft["subject"] = email["subject"] if email else unknown
        project_id = draft["projectId"] if self._policy.strict else None
        members = members_of(draft["recipientType"], draft["recipientId"], account, project_id)
        draft["estimatedRecipients"] = len(members)
        account.campaigns.put(draft["id"], draft)
        return draft

    def _email(self, draft: Resource) -> Resource | None:
        """The email that a draft names; one is wanted where a conversation has several."""
        account, strict = self._account, self._policy.strict
        if strict and draft["projectId"] not in account.projects:
            raise Refusal(404, "NOT_FOUND", f"projectId: there is no '{draft['projectId']}'.")
        emails = account.emails_of(draft["conversationId"])
        if strict and not emails:
            raise Refusal(404, "NOT_FOUND", f"conversationId: there is no '{draft['conversationId']}'.")
        if draft["emailId"]:
            emails = [each for each in emails if each["emailId"] == draft["emailId"]]
            if strict and not emails:
                raise Refusal(404, "NOT_FOUND", f"emailId: the conversation has no '{draft['emailId']}'.")
        elif len(emails) > 1:
            message = "emailId is required: the conversation holds several emails (section 2)."
            raise Refusal(400, "VALIDATION_ERROR", message)
        return emails[0] if emails else None

    def send(self, campaign_id: str, *, request_id: str, idempotency_key: str | None) -> Send:
        """Put a draft or a scheduled campaign into the queue.

        Raises:
            Refusal: 400 or 404; nothing has been accepted.
        """
        campaign = self._in_status(campaign_id, ("draft", "scheduled"), "sent")
        return self._begin(campaign, request_id, idempotency_key, self._account.clock.now())

    def _begin(self, campaign: Resource, request_id: str, idempotency_key: str | None, at: float) -> Send:
        send = accept(
            _wanted(campaign),
            self._account,
            self._policy,
            request_id=request_id,
            idempotency_key=idempotency_key,
            campaign_id=campaign["id"],
        )
        progress = self._account.progress.get(send.id)
        moment = self._account.clock.timestamp(at)
        changes = {"status": "sending", "batchId": send.id, "sentAt": moment}
        self._change(campaign, **changes, estimatedRecipients=progress.total if progress else 0)
        return send

    def schedule(self, campaign_id: str, scheduled_at: str, zone: str) -> None:
        """Have a draft go later, or a scheduled one at another time.

        Raises:
            Refusal: 400 for a time that is none or has passed, and for a zone that is none.
        """
        campaign = self._in_status(campaign_id, ("draft", "scheduled"), "scheduled")
        at = _moment(scheduled_at, zone)
        if at <= self._account.clock.now():
            raise Refusal(400, "VALIDATION_ERROR", f"scheduledAt: {scheduled_at} has passed.")
        moment = self._account.clock.timestamp(at)
        self._change(campaign, status="scheduled", scheduledAt=moment, scheduledTimezone=zone)
        self._plan(self.known(campaign_id))

    def _plan(self, campaign: Resource) -> None:
        at = datetime.fromisoformat(campaign["scheduledAt"]).timestamp()
        self._account.timetable.put(at, partial(self._fall_due, campaign["id"], campaign["scheduledAt"]))

    def _fall_due(self, campaign_id: str, scheduled_at: str, at: float) -> None:
        campaign = self.known(campaign_id)
        if campaign["status"] != "scheduled" or campaign["scheduledAt"] != scheduled_at:
            return
        try:
            send = self._begin(campaign, new_id("req_"), None, at)
        except Refusal as refusal:
            self._change(campaign, status="failed", error=refusal.message)
        else:
            self._delivery.submit_from_outside(send.id)

    def cancel(self, campaign_id: str) -> None:
        """Take a scheduled campaign back, or stop a going one where it is.

        Raises:
            Refusal: 400 for a campaign that neither is to come nor goes.
        """
        campaign = self._in_status(campaign_id, ("scheduled", *_GOING), "cancelled")
        if campaign["batchId"]:
            self._delivery.cancel(campaign["batchId"])
        self._change(campaign, status="cancelled")

    def archive(self, campaign_id: str, *, archived: bool) -> None:
        """Take a campaign out of the list, or put it back.

        Raises:
            Refusal: 400 for a campaign that is to come or goes.
        """
        resting = ("draft", "sent", "failed", "cancelled")
        campaign = self._in_status(campaign_id, resting, "archived")
        now = self._account.clock.timestamp()
        self._change(campaign, archived=archived, archivedAt=now if archived else None)

    def known(self, campaign_id: str) -> Resource:
        """A campaign as it stands now.

        Raises:
            Refusal: 404.
        """
        campaign = self._account.campaigns.get(campaign_id)
        if campaign is None:
            raise Refusal(404, "NOT_FOUND", f"There is no campaign '{campaign_id}'.")
        return as_it_stands(self._account, campaign)

    def found(self, project_id: str | None, *, archived: bool) -> Sequence[Resource]:
        """The campaigns of a project or of all, newest first."""
        return [
            as_it_stands(self._account, each)
            for each in reversed(list(self._account.campaigns))
            if project_id in (None, each["projectId"]) and each["archived"] == archived
        ]

    def _in_status(self, campaign_id: str, statuses: tuple[str, ...], what: str) -> Resource:
        campaign = self.known(campaign_id)
        if campaign["status"] not in statuses:
            message = f"A campaign that is {campaign['status']} cannot be {what}."
            raise Refusal(400, "INVALID_STATUS", message)
        return campaign

    def _change(self, campaign: Resource, **fields: Any) -> None:
        changed = campaign | fields | {"updatedAt": self._account.clock.timestamp()}
        self._account.campaigns.put(campaign["id"], changed)


def as_it_stands(account: Account, campaign: Resource) -> Resource:
    """A campaign with what its batch has come to."""
    progress = account.progress.get(campaign["batchId"] or "")
    if campaign["status"] != "sending" or progress is None:
        return campaign
    shown = campaign | {"status": _OF_BATCH.get(progress.status, "sending"), "error": progress.error}
    ended = {"completedAt": progress.updated_at, "updatedAt": progress.updated_at}
    return shown | ended if progress.finished else shown


def _wanted(campaign: Resource) -> Wanted:
    return Wanted(
        recipient_type=campaign["recipientType"],
        recipient_email=None,
        recipient_id=campaign["recipientId"],
        sender=campaign["from"],
        from_name=campaign["fromName"],
        subject=campaign["subject"],
        reply_to=campaign["replyTo"],
        bcc=[],
        template=None,
        variables=campaign["variables"] or {},
        provider=campaign["providerType"],
        project_id=campaign["projectId"],
        conversation_id=campaign["conversationId"],
        email_id=campaign["emailId"],
        topic_id=campaign["topicId"],
        # A campaign is marketing: only subscribed contacts receive it (section 2).
        transactional=False,
    )


def _moment(text: str, zone: str) -> float:
    """Seconds since the epoch of an ISO 8601 time."""
    try:
        where = ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        message = f"scheduledTimezone: {zone!r} is no IANA time zone."
        raise Refusal(400, "VALIDATION_ERROR", message) from error
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=where)).astimezone(UTC).timestamp()
    except (ValueError, OverflowError) as error:
        raise Refusal(400, "VALIDATION_ERROR", "scheduledAt must be a time in ISO 8601.") from error
