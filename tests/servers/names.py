"""A name server on the loopback: answers by UDP from a table of domains, errs, or does not answer at all."""

import socket
import threading
from collections import Counter
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

#: Domain to records by type; None exists and answers nothing, "SERVFAIL" errs, "SILENCE" says nothing.
Zone = dict[str, dict[str, list[str]] | str]


class NameServer:
    """Serves a zone until the end of `with`.

    Args:
        zone: what it knows; other domains do not exist.
    """

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        #: How often each domain was asked for.
        self.asked: Counter[str] = Counter()

    @property
    def place(self) -> str:
        """Its address and port, as `nameservers` takes them."""
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, sender = self._socket.recvfrom(4096)
            if not data:
                return
            answer = self._answer(dns.message.from_wire(data))
            if answer is not None:
                self._socket.sendto(answer.to_wire(), sender)

    def _answer(self, question: dns.message.Message) -> dns.message.Message | None:
        (asked,) = question.question
        domain = asked.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(asked.rdtype)
        self.asked[domain] += 1
        known = self._zone.get(domain)
        if known == "SILENCE":
            return None
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        if known == "SERVFAIL":
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif known is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif isinstance(known, dict) and kind in known:
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *known[kind]))
        return answer
