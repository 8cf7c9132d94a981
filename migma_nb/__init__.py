"""Mail a DataFrame."""
