"""The durable record of who was mailed what: its schema, its locks, its queries."""
