"""What to do about each problem in the form's own words, where the planner says what to write in Python."""

import pandas as pd

from migma_nb.notebook.form_fields import PYTHON
from migma_nb.planning.issues import IssueCode

_FIXES = {
    IssueCode.MISSING_VARIABLE: "Fill it in, or say above at its placeholder what stands in.",
    IssueCode.PLACEHOLDER_UNFILLED: "Type a value for it above, or send yourself a test first.",
    IssueCode.DUPLICATE_RECIPIENT: (
        "Only the first valid one is mailed, unless “Several rows” above tells them apart."
    ),
    IssueCode.DUPLICATE_DIFFERS: "Decide at “Several rows” above.",
    IssueCode.WHOLE_NUMBER_AS_FLOAT: "Choose the list's own file, or write the column as whole numbers.",
    IssueCode.LOST_LEADING_ZEROS: "The zeros were lost before: write the column as text in the list.",
}


def with_own_fixes(issues: pd.DataFrame) -> pd.DataFrame:
    """Return a plan's issues with `fix` as somebody reads it who has the form and no Python.

    Args:
        issues: as `Plan.issues` has them; they are not changed.
    """
    python = issues["fix"].str.contains(PYTHON)
    if not python.any():
        return issues
    return issues.assign(fix=issues["fix"].mask(python, issues["code"].map(_FIXES).fillna("").astype("str")))
