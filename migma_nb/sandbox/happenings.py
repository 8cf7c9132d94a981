"""``Happenings``: what a person may let happen on the server beyond the faults of a single request."""

from migma_nb.sandbox.account import Account
from migma_nb.sandbox.batch_course import BatchCourse
from migma_nb.sandbox.context import Context
from migma_nb.sandbox.delivery import Delivery


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
            for progress in self._account.progress:
                if progress.throttle:
                    progress.throttle, progress.status = None, "processing"
                    progress.resumed += 1

    def fail_imports(self, error: str | None = "The HTML could not be converted.") -> None:
        """Have imports of HTML end with this error, those at work included; None lets them succeed again."""
        with self._account.lock:
            self._context.conversations.failing = error

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
