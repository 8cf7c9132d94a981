"""The parts of a ``multipart/form-data`` body, as the standard library reads MIME."""

from email.parser import BytesParser
from email.policy import HTTP

from migma_nb.sandbox.envelope import Refusal
from migma_nb.sandbox.exchange import Call


def parts_of(call: Call) -> dict[str, bytes]:
    """The parts by name; of several parts of one name the last.

    Raises:
        Refusal: 400 for a body of another type.
    """
    kind = call.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise Refusal(400, "VALIDATION_ERROR", "The request body must be multipart/form-data (section 5).")
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1")
    parts = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + call.body).iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            parts[name] = content
    return parts
