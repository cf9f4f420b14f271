"""What kind of file it is: format, encoding, delimiter, headings, dates."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from enrolment.importing import excel, sizes
from enrolment.importing.columns import Column, named
from enrolment.importing.dates import FORMATS, parse_day
from enrolment.importing.excel import FileRefused
from enrolment.importing.files import Stored
from enrolment.importing.reading import CSV, EXCEL, Layout, Rows, fault_of

ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "cp1252",
    "latin-1",
    "iso8859-15",
    "cp850",
    "cp865",
    "mac-roman",
)
DELIMITERS = (";", ",", "\t", "|")
_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# What other kinds of files begin with.
_OTHERS = (b"%PDF", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"7z")
_LOCKED_PART = "EncryptedPackage".encode("utf-16-le")


def detect(path: Path, stored: Stored) -> Layout:
    """Find out how to read a file.

    Raises:
        FileRefused: it is empty, or nothing that we read.
    """
    with path.open("rb") as file:
        sample = file.read(sizes.SAMPLE)
    if not sample.strip(b"\x00\xff\xfe\xef\xbb\xbf \t\r\n"):
        raise FileRefused("empty")
    if sample.startswith(_OLD_OFFICE):
        is_locked = _LOCKED_PART in path.read_bytes()[: 8 * sizes.MB]
        raise FileRefused("locked" if is_locked else "old_excel")
    if sample.startswith(_ZIP):
        names = excel.sheets(path)
        if not names:
            raise FileRefused("no_sheet")
        layout = Layout(format=EXCEL, sheet=names[0])
    elif sample.startswith(_OTHERS):
        raise FileRefused("not_a_table")
    else:
        encoding = _encoding(sample, stored)
        text = sample.decode(encoding, errors="replace")
        layout = Layout(format=CSV, encoding=encoding, delimiter=_delimiter(text))
        layout = replace(layout, has_quotes=_has_quotes(text, layout.delimiter))
    rows = first_rows(path, layout, count=sizes.SAMPLE_ROWS)
    refuse_unfit(rows)
    return replace(layout, has_headings=_has_headings(rows))


def first_rows(path: Path, layout: Layout, *, count: int) -> list[list[str]]:
    """Return the first rows that hold something.

    Raises:
        FileRefused: an Excel file that cannot be read.
    """
    if layout.format == EXCEL:
        rows = excel.first_rows(path, layout.sheet, count)
        return [cells for cells in rows if any(cells)]
    return [cells for _number, cells in islice(Rows(path, layout), count)]


def refuse_unfit(rows: Sequence[Sequence[str]]) -> None:
    """Refuse what cannot be a table of members.

    Raises:
        FileRefused: too wide, empty, or one endless line.
    """
    if not rows:
        raise FileRefused("empty")
    if fault_of(rows[0]) == "line_too_long":
        raise FileRefused("first_line_too_long")
    if len(rows[0]) > sizes.COLUMNS:
        raise FileRefused("too_many_columns")


def day_format(values: Iterable[str]) -> str:
    """Return the way of writing days that reads most of these, the first of equals."""
    found: Counter[str] = Counter()
    for value in values:
        if value.strip():
            found.update(code for code in FORMATS if parse_day(value, code) is not None)
    if not found:
        return next(iter(FORMATS))
    most = max(found.values())
    return next(code for code in FORMATS if found[code] == most)


def _encoding(sample: bytes, stored: Stored) -> str:
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    # Text of two bytes a sign without a mark: every other byte is zero.
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.4 * half > 4 * even:
        return "utf-16-le"
    if even > 0.4 * half > 4 * odd:
        return "utf-16-be"
    if sample.count(0) > len(sample) // 20:
        raise FileRefused("not_a_table")
    if stored.is_utf8:
        return "utf-8"
    return "cp1252" if stored.is_windows else "latin-1"


def _delimiter(text: str) -> str:
    """Return the sign that parts most lines into the same number of cells."""
    lines = [line for line in text[: 64 * sizes.KB].splitlines()[:60] if line.strip()]
    # The last one may be cut off.
    lines = lines[:-1] or lines
    best, best_score = ";", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            widths = Counter(map(len, csv.reader(lines, delimiter=delimiter)))
        except csv.Error:
            continue
        width, times = widths.most_common(1)[0]
        score = (times / sum(widths.values()) if width > 1 else 0.0, width)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _has_quotes(text: str, delimiter: str) -> bool:
    """Tell whether quotation marks part cells, rather than stand for inches."""
    begins = text.startswith('"') or any(
        f'{before}"' in text for before in (delimiter, "\n", "\r")
    )
    return begins or '"' not in text


def _has_headings(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row names columns: it names some and holds no value."""
    first = rows[0]
    values = sum("@" in cell or sum(map(str.isdigit, cell)) >= 5 for cell in first)
    names = sum(named(cell) is not Column.IGNORE for cell in first)
    if values:
        return False
    return names > 0 or (
        len(rows) > 1 and any(sum(map(str.isdigit, cell)) >= 5 for cell in rows[1])
    )
