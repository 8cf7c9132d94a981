"""`Preview`: one message of a plan, as it shows itself."""

from migma_nb.notebook.preview import preview_html, preview_text
from migma_nb.planning.rendering import RenderedMessage


class Preview:
    """One message as its recipient will read it, as far as the API documents that.

    Args:
        message: the rendered message.
    """

    def __init__(self, message: RenderedMessage) -> None:
        self._message = message

    @property
    def recipient(self) -> str:
        """The address on the wire, or the target."""
        return self._message.recipient

    @property
    def subject(self) -> str:
        """The subject, filled."""
        return self._message.subject

    @property
    def html(self) -> str | None:
        """The HTML, filled (None where Migma holds it); untrusted: show it only inside a sandboxed frame."""
        return self._message.html

    @property
    def text(self) -> str | None:
        """The message as text, None where Migma holds it."""
        return self._message.text

    def __repr__(self) -> str:
        return preview_text(self._message)

    def _repr_html_(self) -> str:
        return preview_html(self._message)
