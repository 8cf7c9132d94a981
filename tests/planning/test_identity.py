"""Who is the same person: the identity of an address, and the verdict on it."""

import string

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from migma_nb.planning.addresses import check_address, identity, split_sender

LOCAL = st.text(
    st.sampled_from(string.ascii_letters + string.digits + "._+-'{|}éßİ"), min_size=1, max_size=12
)
LABEL = st.text(st.sampled_from(string.ascii_letters + string.digits + "-éß"), min_size=1, max_size=8)
ADDRESSES = st.builds(
    lambda local, labels, end: f"{local}@{'.'.join(labels)}{end}",
    LOCAL,
    st.lists(LABEL, min_size=1, max_size=3),
    st.sampled_from(["", ".com", ".test", ".example", ".local", ".c0", ".xn--p1ai", ".co.uk", ".", "..de"]),
)


@given(st.text() | ADDRESSES)
def test_identity_is_idempotent(text: str) -> None:
    """The identity of an identity is itself."""
    assert identity(text) == identity(identity(text))


@given(ADDRESSES, st.sampled_from([" {}", "{} ", "\t{}\n", "Ann Lee <{}>", "<{}>", ' "Lee, A." < {} > ']))
def test_space_and_display_name_do_not_count(address: str, frame: str) -> None:
    """Outer space and a display name are set aside."""
    assert identity(address) == identity(frame.format(address))


@given(ADDRESSES.filter(str.isascii))
def test_case_does_not_count(address: str) -> None:
    """Addresses that differ in case only are one person."""
    assert identity(address) == identity(address.upper()) == identity(address.lower())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zoe@bücher.example", "ZOE@xn--bcher-kva.example"),
        ("jose\u0301@acme.example", "JOSÉ@acme.example"),
        ("strasse@acme.example", "STRAßE@acme.example"),
    ],
)
def test_spellings_of_one_address_are_one_person(one: str, other: str) -> None:
    """Domains as A-label, NFC and case folding make them equal."""
    assert identity(one) == identity(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a.b@x.example", "ab@x.example"), ("a+1@x.example", "a@x.example")]
)
def test_dots_and_tags_are_kept(one: str, other: str) -> None:
    """Only some providers ignore dots and tags, so they tell people apart."""
    assert identity(one) != identity(other)


#: ASCII, with what parts an address, or a name from one, in some of it only.
ASCII = st.text(st.characters(max_codepoint=0x7F), max_size=20)


@given(st.text(max_size=40) | ADDRESSES | ASCII)
def test_the_verdict_is_that_of_email_validator(text: str) -> None:
    """No shortcut changes a verdict, nor the words for it."""
    verdict = check_address(text)
    if verdict.unsafe:
        return
    try:
        known = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        refused = str(error)
    except UnicodeError:
        assert verdict.identity is None
        assert verdict.problem
        return
    else:
        assert f"{known.local_part}@{known.ascii_domain}".casefold() == (verdict.identity or "").casefold()
        return
    assert (verdict.identity, verdict.problem) == (None, refused)


def test_the_wire_keeps_the_address_as_given() -> None:
    """Only outer space is dropped; case and spelling are the owner's."""
    assert "Ann.Lee+x@Acme.Example" == check_address("  Ann.Lee+x@Acme.Example\n").wire


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\0", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_a_line_break_in_an_address_is_unsafe(break_: str) -> None:
    """What could begin another header is told apart from a mere slip."""
    assert check_address(f"ann@acme.example{break_}Bcc: eve@evil.example").unsafe


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("Acme Billing <b@acme.example>", ("Acme Billing", "b@acme.example")),
        ('"Lee, \\"A\\"" <b@acme.example>', ('Lee, "A"', "b@acme.example")),
        ("Ünïcode 東京 <b@acme.example>", ("Ünïcode 東京", "b@acme.example")),
        ("b@acme.example", ("", "b@acme.example")),
        ("<b@acme.example>", ("", "b@acme.example")),
    ],
)
def test_a_sender_is_split_into_name_and_address(sender: str, expected: tuple[str, str]) -> None:
    """Quotation marks around the name are not part of it."""
    assert expected == split_sender(sender)
