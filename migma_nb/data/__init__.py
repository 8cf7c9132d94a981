"""A fictional list of people and a mail template, to try everything with; made by `tools/make_sample.py`."""
