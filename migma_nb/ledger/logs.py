"""The ledger's engines log no rows, so that no log names a person."""

import logging

#: The name under which the engines of ledgers log.
SILENT = "migma_nb_ledger"

# At DEBUG they show every row, and so every address; a root logger at DEBUG must not switch that on.
logging.getLogger(f"sqlalchemy.engine.Engine.{SILENT}").setLevel(logging.WARNING)
