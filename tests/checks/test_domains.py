"""Domains that take no mail: found out when somebody asks, against a real name server, and never else."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pandas as pd
import pytest

import migma_nb as mg
from tests.checks.lists import plan, to_targets
from tests.servers.names import NameServer, Zone

GLOBAL = "93.184.215.14"
ZONE: Zone = {
    "mail.org": {"MX": ["10 mx1.mail.org.", "20 mx2.mail.org."]},
    "a-only.org": {"A": [GLOBAL]},
    "aaaa-only.org": {"AAAA": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"]},
    "null-mx.org": {"MX": ["0 ."], "A": [GLOBAL]},
    "private.org": {"A": ["10.0.0.7"]},
    "no-mail.org": {"A": [GLOBAL], "TXT": ['"v=spf1 -all"']},
    "empty.org": {"TXT": ['"hello"']},
    "broken.org": "SERVFAIL",
    "silent.org": "SILENCE",
    "xn--mller-kva.de": {"MX": ["10 mx.xn--mller-kva.de."]},
}


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    """Serve the zone."""
    with NameServer(ZONE) as one:
        yield one


def people(*domains: str) -> pd.DataFrame:
    """Return somebody at each domain."""
    return pd.DataFrame({"email": [f"p{at}@{domain}" for at, domain in enumerate(domains)], "v": 1})


def findings(server: NameServer, *domains: str) -> dict[str, str]:
    """Return what is found amiss, by domain."""
    found = plan(people(*domains)).check_domains(timeout=0.5, nameservers=[server.place])
    return dict(zip(found["domain"], found["finding"], strict=True))


@pytest.mark.parametrize("domain", ["mail.org", "MAIL.org", "a-only.org", "aaaa-only.org", "müller.de"])
def test_a_domain_that_takes_mail_is_not_named(server: NameServer, domain: str) -> None:
    """By MX, or by its own address where it has none (RFC 5321)."""
    assert {} == findings(server, domain)


@pytest.mark.parametrize("domain", ["null-mx.org", "private.org", "no-mail.org", "empty.org", "gone.org"])
def test_a_domain_that_takes_none_is_named(server: NameServer, domain: str) -> None:
    """A null MX (RFC 7505), an address that nobody reaches, a policy of no mail, nothing, no such domain."""
    assert {domain: "takes no mail"} == findings(server, domain)


@pytest.mark.parametrize("domain", ["broken.org", "silent.org"])
def test_a_name_server_that_fails_says_nothing_about_a_domain(server: NameServer, domain: str) -> None:
    """An error and a time-out are not taken for an answer."""
    assert {domain: "could not be checked"} == findings(server, domain)


def test_no_name_server_at_all_is_not_taken_for_an_answer() -> None:
    """Where nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = plan(people("mail.org")).check_domains(timeout=0.5, nameservers=[f"127.0.0.1:{port}"])
    assert ["could not be checked"] == found["finding"].tolist()


def test_the_frame_names_all_rows_and_the_most_first(server: NameServer) -> None:
    """What is certain stands before what could not be checked."""
    listed = people(
        "gone.org", "mail.org", "empty.org", "broken.org", "empty.org", "broken.org", "broken.org"
    )
    found = plan(listed).check_domains(timeout=0.5, nameservers=[server.place])
    assert ["domain", "finding", "detail", "rows"] == found.columns.tolist()
    assert ["empty.org", "gone.org", "broken.org"] == found["domain"].tolist()
    assert [(2, 4), (0,), (3, 5, 6)] == found["rows"].tolist()
    assert "does not exist" in found["detail"].iloc[1]


def test_a_domain_is_asked_for_once_and_many_at_once() -> None:
    """A thousand rows at one provider are one question; silent domains are waited for together."""
    silent: Zone = {f"s{at}.org": "SILENCE" for at in range(16)}
    with NameServer({"mail.org": {"MX": ["10 mx.mail.org."]}, **silent}) as server:
        made = plan(people(*["mail.org"] * 1_000, *silent))
        began = time.monotonic()
        found = made.check_domains(timeout=1, nameservers=[server.place])
        assert (16, 1) == (len(found), server.asked["mail.org"])
        assert time.monotonic() - began < 12


def test_only_rows_that_would_be_sent_are_asked_for(server: NameServer) -> None:
    """Not those who are excluded, invalid or a duplicate; and the plan stays as it was."""
    made = plan(people("gone.org", "x_y.org", "mail.org"), exclude=["p0@gone.org"])
    before = (made.id, made.people)
    assert made.check_domains(timeout=0.5, nameservers=[server.place]).empty
    assert before == (made.id, made.people)


@pytest.mark.parametrize("nameserver", ["dns.acme.org", "", "127.0.0.1:x"])
def test_a_name_server_is_an_ip_address(nameserver: str) -> None:
    """Else nobody could be asked where it is."""
    with pytest.raises(mg.InputError, match="is no name server"):
        plan(people("mail.org")).check_domains(nameservers=[nameserver])


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "5", True])
def test_a_time_out_is_a_number_of_seconds(timeout: float) -> None:
    """Before anything is asked."""
    with pytest.raises(mg.InputError, match="timeout is"):
        plan(people("mail.org")).check_domains(timeout=timeout)


def test_targets_have_no_domains_to_ask_for() -> None:
    """Who is in them only Migma knows."""
    with pytest.raises(mg.InputError, match="only Migma knows"):
        to_targets([{"recipientType": "tag", "recipientId": "t1"}]).check_domains()


#: Any socket that is made, any name that is looked up, in a process of its own.
QUIET = """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event.startswith("socket.") else None)
import pandas as pd, migma_nb as mg
people = pd.DataFrame({"email": ["a@gmial.com", "b@gone.org", "bo @x.org", "nan"],
                       "v": ["nan", "x", None, "<b>"]})
made = mg.plan(people, mailing="m", sender="A <a@acme.org>", subject="{{v}}", template="x", project_id="p",
               transactional=True, exclude=["b@gone.org"], defaults={"v": "x"})
repr(made), made.preview(1), made.fix(), made.issues
print(seen, "dns" in sys.modules)
"""


def test_planning_checking_and_repairing_open_no_socket() -> None:
    """Not one, and the name system's library is not even loaded."""
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, check=False)
    assert ("[] False\n", 0) == (done.stdout, done.returncode), done.stderr


def test_nothing_is_left_running(server: NameServer) -> None:
    """Its threads end with the call."""
    findings(server, "mail.org")
    for thread in [one for one in threading.enumerate() if one.name.startswith("migma-dns")]:
        thread.join(5)
        assert not thread.is_alive()
