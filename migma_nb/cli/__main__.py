"""`python -m migma_nb.cli`."""

from migma_nb.cli import main

main()
