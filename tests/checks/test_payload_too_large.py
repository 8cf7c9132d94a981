"""`payload_too_large`: a request of more than 10 MiB, which no mailbox takes either."""

from tests.checks.lists import addressed, plan, rows_of

CODE = "payload_too_large"
LIMIT = 10 * 1024 * 1024


def test_a_value_of_ten_mebibytes_is_too_large() -> None:
    """The row is not sent, the others are."""
    made = plan(addressed("x", "x" * LIMIT))
    assert ([1], 1) == (rows_of(made, CODE), made.people)


def test_a_template_of_ten_mebibytes_is_too_large_for_everybody() -> None:
    """An embedded picture, mostly."""
    assert [0, 1] == rows_of(plan(addressed("x", "y"), template=f"<p>{'x' * LIMIT}</p>"), CODE)


def test_just_below_is_fine() -> None:
    """Long is allowed."""
    assert [] == rows_of(plan(addressed("x", "x" * (LIMIT - 1000))), CODE)


def test_letters_count_as_the_bytes_that_they_take() -> None:
    """A request is measured in bytes."""
    assert [0] == rows_of(plan(addressed("例" * (LIMIT // 3 + 1))), CODE)
