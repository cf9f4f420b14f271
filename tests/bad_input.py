"""What no browser sends, and somebody with a script does."""

GARBAGE = {
    "nothing": "",
    "a byte that no text has": "a\x00b",
    "a number that no column holds": "9" * 400,
    "a number below nothing": "-1",
    "a number by its exponent": "1e400000",
    "a day that is in no calendar": "2026-02-30T25:99",
    "the last day of all": "9999-12-31",
    "the first day of all": "0001-01-01",
    "a name that nobody gave": "custom./../" + "å" * 300,
}


def all_bad(fields):
    """Yield forms whose fields all say the same garbage, by what it is."""
    for what, value in GARBAGE.items():
        yield what, dict.fromkeys(fields, value)
