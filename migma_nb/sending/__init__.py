"""Plan × ledger × client: the runner, its controls, its pace, and the accounts it leaves."""
