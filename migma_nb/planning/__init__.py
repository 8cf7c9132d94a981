"""A list of people becomes a frozen plan: reading files, columns, values, templates, checks. No network."""
