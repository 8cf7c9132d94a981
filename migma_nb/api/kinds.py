"""What kind of thing a value is, with its article: "an int", "a str"."""


def kind_of(value: object) -> str:
    """Return what a value is, for a sentence that says what it should be (str)."""
    name = type(value).__name__
    vowel = name[:1].lower() in set("aeio") or name == "ndarray"
    return f"{'an' if vowel else 'a'} {name}"
