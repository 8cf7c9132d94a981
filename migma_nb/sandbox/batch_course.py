"""What may befall a batch on its way (migma-api.md section 3): a throttle, a failure, no end at all."""

from dataclasses import dataclass

from migma_nb.sandbox.clock import Clock
from migma_nb.sandbox.records import Progress, Throttle

_RESUMES = "Sending goes on by itself when the limit is reset."


@dataclass(slots=True)
class BatchCourse:
    """What befalls every batch, until a person switches it off; nothing unless one switches it on.

    A batch of no more recipients than the number given with it runs through.

    Attributes:
        throttle_after: Recipients after which it is throttled; None for never.
        throttle_s: Seconds of the sandbox's clock that a throttle lasts.
        throttle_times: How often one batch is throttled, each time after so many further recipients.
        throttle_reason: What the API gives as the reason.
        fail_after: Recipients after which it fails; None for never.
        fail_error: What the API gives as the error.
        stall_after: Recipients after which nothing more ever happens; None for never.
    """

    throttle_after: int | None = None
    throttle_s: float = 60.0
    throttle_times: int = 1
    throttle_reason: str = ""
    fail_after: int | None = None
    fail_error: str = ""
    stall_after: int | None = None

    def end_of_step(self, progress: Progress, wanted: int) -> int:
        """Where the next step ends, so that nothing that is to befall the batch is stepped over."""
        done = progress.done
        marks = (self.fail_after, self.stall_after, self._next_throttle(progress))
        return min([wanted, *(mark for mark in marks if mark is not None and mark > done)])

    def holds(self, progress: Progress, clock: Clock) -> bool:
        """Whether the batch does not go on now; its progress then says why."""
        if progress.throttle:
            if clock.now() < progress.throttle.until:
                return True
            progress.throttle = None
            progress.resumed += 1
            progress.status = "processing"
        done = progress.done
        if self.fail_after is not None and done >= self.fail_after:
            # The documents do not say where the rest is counted: here it has failed.
            progress.failed, progress.status = progress.total - progress.sent, "failed"
            progress.error = self.fail_error
            return True
        progress.stalled = self.stall_after is not None and done >= self.stall_after
        if progress.stalled:
            progress.status = "processing"
            return True
        mark = self._next_throttle(progress)
        if mark is None or done < mark:
            return False
        progress.throttle = self._throttle(clock)
        progress.status = "throttled"
        return True

    def _next_throttle(self, progress: Progress) -> int | None:
        if self.throttle_after is None or progress.resumed >= self.throttle_times:
            return None
        return self.throttle_after * (progress.resumed + 1)

    def _throttle(self, clock: Clock) -> Throttle:
        until = clock.now() + self.throttle_s
        return Throttle(clock.timestamp(), clock.timestamp(until), until, self.throttle_reason, _RESUMES)
