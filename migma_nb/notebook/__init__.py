"""How plans, previews and runs look to a person: as text and as HTML. Views only; nothing is decided here."""
