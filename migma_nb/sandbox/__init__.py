"""The embedded Migma API: a real HTTP server on the loopback, with an account, an outbox and faults."""

from migma_nb.sandbox.faults import FAULTS
from migma_nb.sandbox.server import SandboxServer

__all__ = ["FAULTS", "SandboxServer"]
