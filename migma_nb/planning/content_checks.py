"""What is odd about a mailing itself, whoever gets it: stray braces, what a stored email asks, broken IDs."""

from migma_nb.planning.content import Content
from migma_nb.planning.issues import IssueCode, IssueList
from migma_nb.planning.texts import odd_text

#: The fields whose text the recipients or the account must know, and the argument that each is of.
_TOLD = {
    "fromName": "sender",
    "projectId": "project_id",
    "conversationId": "conversation_id",
    "emailId": "email_id",
    "topicId": "topic_id",
    "recipientId": "recipients",
}


def note_content(content: Content, issues: IssueList) -> None:
    """Note what is odd about a mailing, apart from the words that its readers see between the values.

    Args:
        content: the mailing.
        issues: takes what is odd.
    """
    for name, text in (("subject", content.subject), ("template", content.template)):
        if text is not None and text.stray_braces:
            issues.add(
                None,
                IssueCode.SUSPICIOUS_TEXT,
                f"The {name} has double braces that are no placeholder, and readers would see them.",
                "Close or remove them; a placeholder looks like {{name}}.",
                column=name,
            )
    _note_stored(content, issues)
    for field, argument in _TOLD.items():
        given = content.constants.get(field)
        if isinstance(given, str) and (reason := odd_text(given)):
            words = f"What is given as {argument} {reason}."
            issues.add(
                None, IssueCode.SUSPICIOUS_TEXT, words, "Correct the argument.", column=argument, value=given
            )


def _note_stored(content: Content, issues: IssueList) -> None:
    if content.stored is None:
        return
    for note in content.stored.notes:
        issues.add(None, IssueCode.SUSPICIOUS_TEXT, note, "Look at the preview.", column="template")
    if content.stored.spaced:
        issues.add(
            None,
            IssueCode.SUSPICIOUS_TEXT,
            "A placeholder of the stored email has spaces inside its braces, and whether Migma fills it then "
            "is not documented.",
            "Take the spaces out at Migma, or send yourself a test first.",
            column="template",
        )
