"""What people hold: thin classes whose methods each call one function of a room below."""
