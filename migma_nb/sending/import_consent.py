"""Whether an import brings people back who have unsubscribed: looked at after its first request.

A status of `subscribed` is never sent unless it is asked for. What an import without a status does to
somebody who has unsubscribed is not documented by the API (migma-api.md, section 5): so it is counted.
"""

from migma_nb.api.connection import Connection
from migma_nb.api.reads import read
from migma_nb.api.states import Reason
from migma_nb.sending.halting import Halt
from migma_nb.sending.import_requests import Office


class Consent:
    """Counts the unsubscribed people of a project, before an import and after its first request.

    Args:
        office: the import's.
        connection: to the API.
    """

    def __init__(self, office: Office, connection: Connection) -> None:
        self._office = office
        self._connection = connection
        self._before: int | None = None
        self.reads = 0

    async def look(self) -> None:
        """Count them before anything is sent."""
        self._before = await self._count()

    async def check(self) -> Halt | None:
        """Count them again, once; return why the import must not go on, None where it may."""
        before, self._before = self._before, None
        now = None if before is None else await self._count()
        if before is None or now is None or now >= before:
            return None
        words = "person is" if before - now == 1 else "people are"
        return Halt(
            Reason.HALTED,
            f"{self._office.settings.origin}: after the first request {before - now:,} {words} no longer "
            "unsubscribed, although no status was sent. Either they came back by themselves, and importing "
            "again goes on; or this API subscribes whoever is imported. Look at them before you go on.",
        )

    async def _count(self) -> int | None:
        query = {"projectId": self._office.project_id, "status": "unsubscribed", "page": 1, "limit": 1}
        found = await read(self._connection, "/contacts", query)
        self._office.pace.posted_beside(1)
        self.reads += 1
        return found.count if found.trouble is None else None
