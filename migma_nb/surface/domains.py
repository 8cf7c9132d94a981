"""What is amiss with a list's domains, as a frame."""

from collections.abc import Sequence

import pandas as pd

from migma_nb.api.mail_domains import DomainFinding

DOMAIN_COLUMNS = ["domain", "finding", "detail", "rows"]


def domain_frame(found: Sequence[tuple[DomainFinding, list[int]]]) -> pd.DataFrame:
    """Return findings and their rows as a frame with `DOMAIN_COLUMNS`."""
    columns = {
        "domain": pd.Series([one.domain for one, _ in found], dtype="str"),
        "finding": pd.Series([one.delivery.value for one, _ in found], dtype="str"),
        "detail": pd.Series([one.detail for one, _ in found], dtype="str"),
        "rows": pd.Series([tuple(rows) for _, rows in found], dtype=object),
    }
    return pd.DataFrame(columns, columns=DOMAIN_COLUMNS)
