"""The sample list and template that come with the package."""

from pathlib import Path

import migma_nb.data
from migma_nb.api.errors import InputError
from migma_nb.planning.columns import near_matches


def sample_path(name: str) -> Path:
    """Return the path of a sample file: `people.csv` or `renewal.html`.

    Args:
        name: the file's name (str).

    Raises:
        InputError: there is no such sample.
    """
    folder = Path(migma_nb.data.__file__).parent
    samples = sorted(file.name for file in folder.iterdir() if file.suffix in {".csv", ".html"})
    if name not in samples:
        raise InputError(f"There is no sample {name!r}.", hint=near_matches(name, samples, "sample"))
    return folder / name
