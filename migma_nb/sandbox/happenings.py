"""``Happenings``: what a person may let happen on the server beyond the faults of a single request."""

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.batch_course import BatchCourse
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.delivery import Delivery
from migma_nb.sandbox.engagement import Engagement


class Happenings:
    """Mixed into the server; each of it holds from the moment it is called, from any thread."""

    _account: Account
    _delivery: Delivery
    _context: Context

    def throttle_batches(
        self,
        *,
        after: int = 0,
        for_seconds: float = 60.0,
        times: int = 1,
        reason: str = "Daily sending limit reached",
    ) -> None:
        """Have batches throttled on their way; each goes on by itself.

        Args:
            after: Recipients that a batch reaches before it is throttled.
            for_seconds: How long, by the sandbox's clock; ``advance()`` makes it pass.
            times: How often one batch is throttled, each time after so many further recipients.
            reason: What ``throttle.reason`` says.
        """
        with self._account.lock:
            course = self._delivery.course
            course.throttle_after, course.throttle_s = after, for_seconds
            course.throttle_times, course.throttle_reason = times, reason

    def fail_batches(self, *, after: int = 0, error: str = "The provider stopped the batch.") -> None:
        """Have batches fail on their way; whom they have not reached counts as failed.

        Args:
            after: Recipients that a batch reaches before it fails.
            error: What its ``error`` says.
        """
        with self._account.lock:
            self._delivery.course.fail_after, self._delivery.course.fail_error = after, error

    def stall_batches(self, *, after: int = 0) -> None:
        """Have batches stand still for good, ``processing`` for ever.

        Args:
            after: Recipients that a batch reaches before it stands still.
        """
        with self._account.lock:
            self._delivery.course.stall_after = after

    def let_batches_run(self) -> None:
        """Let nothing more befall batches; stalled ones go on, throttled ones at once as well."""
        with self._account.change():
            self._delivery.course = BatchCourse()
            self._delivery.stalled.clear()
            self._delivery.throttled.clear()
            for progress in self._account.progress:
                if progress.throttle:
                    progress.throttle, progress.status = None, "processing"
                    progress.resumed += 1

    def fail_imports(self, error: str | None = "The HTML could not be converted.") -> None:
        """Have imports of HTML end with this error, those at work included; None lets them succeed again."""
        with self._account.lock:
            self._context.conversations.failing = error

    def let_happen(
        self,
        *,
        seed: int = 0,
        opened: float = 0.4,
        clicked: float = 0.1,
        bounced: float = 0.02,
        complained: float = 0.001,
        unsubscribed: float = 0.002,
    ) -> None:
        """Let something become of the mails that are handed off from now on, as time passes.

        It is drawn from the seed for each address, and happens by the sandbox's clock, most of it
        within a day: ``advance()`` makes it pass. Each line of a log is ``sent`` until its mail arrives or
        bounces. A contact that bounced, complained or unsubscribed has that status from then on.

        Args:
            seed: The same seed gives an address the same fate with its first mail, with its second and so on.
            opened: Share of mails that are opened.
            clicked: Share that is clicked; these are among the opened ones.
            bounced: Share that bounces.
            complained: Share that somebody complains of.
            unsubscribed: Share whose reader unsubscribes.

        Raises:
            ValueError: A share is none.
        """
        engagement = Engagement(
            seed=seed,
            opened=opened,
            clicked=clicked,
            bounced=bounced,
            complained=complained,
            unsubscribed=unsubscribed,
        )
        with self._account.lock:
            self._account.engagement = engagement

    def let_nothing_happen(self) -> None:
        """Have mails that are handed off from now on delivered at once, and nothing more."""
        with self._account.lock:
            self._account.engagement = None

    def set_quota(self, *, daily: int | None = None, monthly: int | None = None) -> None:
        """Put these sending limits in place of the present ones; None is no limit.

        Args:
            daily: Mails a day (UTC).
            monthly: Mails a month.
        """
        with self._account.lock:
            self._account.quota.daily_limit, self._account.quota.monthly_limit = daily, monthly

    def fail_imports_after(self, rows: int | None) -> None:
        """Have imports of contacts in the background stop after so many rows, those at work included.

        Args:
            rows: How many are imported before; None lets imports succeed again.
        """
        with self._account.lock:
            self._context.contact_imports.fail_after = rows
