"""Excel files: refused when they are dangerous, otherwise written out as text."""

import csv
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

import defusedxml
import openpyxl

from enrolment.importing import sizes
from enrolment.importing.reading import Layout

# openpyxl reads XML with it where it is installed, and unguarded where it is not.
assert defusedxml.__version__  # noqa: S101

# How a sheet is written out.
TEXT = Layout(encoding="utf-8", delimiter=";")
_BEAT_ROWS = 5000
_CONTENT = "[Content_Types].xml"
_TEXTS = "xl/sharedStrings.xml"
_BOOK = "xl/workbook.xml"


class FileRefused(Exception):
    """Raised for a file that is no table we read: `code` of problems.FILE_FAULTS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def refuse_dangerous(path: Path) -> None:
    """Look into the packed file without unpacking it.

    Raises:
        FileRefused: macros, no workbook, damaged, or too large unpacked.
    """
    if path.stat().st_size > sizes.EXCEL_BYTES:
        raise FileRefused("bomb")
    try:
        with zipfile.ZipFile(path) as pack:
            parts = pack.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise FileRefused("broken_excel") from None
    names = {part.filename for part in parts}
    if any("vbaproject" in name.lower() for name in names):
        raise FileRefused("macros")
    if _CONTENT not in names or _BOOK not in names:
        raise FileRefused("not_a_table")
    # Python unpacks no more of a part than its entry says, so the entries may be
    # believed.
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    texts = sum(part.file_size for part in parts if part.filename == _TEXTS)
    if (
        len(parts) > sizes.EXCEL_PARTS
        or unpacked > sizes.EXCEL_UNPACKED
        or texts > sizes.EXCEL_TEXTS
        or (unpacked > sizes.MB and unpacked / packed > sizes.EXCEL_RATIO)
    ):
        raise FileRefused("bomb")


def sheets(path: Path) -> list[str]:
    """Name the sheets of a workbook.

    Raises:
        FileRefused: it cannot be read.
    """
    with _opened(path) as book:
        return [sheet.title for sheet in book.worksheets]


def first_rows(path: Path, sheet: str, count: int) -> list[list[str]]:
    """Return the first rows of a sheet.

    Raises:
        FileRefused: it cannot be read, or there is no such sheet.
    """
    with _opened(path) as book:
        return list(islice(_rows(book, sheet), count))


def write_out(
    path: Path, sheet: str, target: Path, *, beat: Callable[[], None]
) -> None:
    """Write a sheet as text, so that a dry run can stop and go on anywhere.

    `beat` is called now and then: this can take a minute.

    Raises:
        FileRefused: it cannot be read, or there is no such sheet.
    """
    draft = target.with_suffix(".part")
    try:
        with _opened(path) as book, draft.open("w", encoding="utf-8", newline="") as to:
            draft.chmod(0o600)
            writer = csv.writer(to, delimiter=TEXT.delimiter)
            for number, cells in enumerate(_rows(book, sheet)):
                writer.writerow(cells)
                if number % _BEAT_ROWS == 0:
                    beat()
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a workbook for reading; whatever is wrong with it, it is damaged.

    The library raises a dozen kinds of errors for files that are not what they say.
    """
    refuse_dangerous(path)
    book = None
    # Opened here, because the library goes by the ending of names, and ours have none.
    file = path.open("rb")
    try:
        book = openpyxl.load_workbook(
            file, read_only=True, data_only=True, keep_links=False
        )
        yield book
    except (FileRefused, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - see above
        raise FileRefused("broken_excel") from None
    finally:
        if book is not None:
            book.close()
        file.close()


def _rows(book: Any, title: str) -> Iterator[list[str]]:
    found = [sheet for sheet in book.worksheets if not title or sheet.title == title]
    if not found:
        raise FileRefused("no_sheet")
    sheet: Any = found[0]
    # What a file says of its own size is often wrong, and can be a lie.
    sheet.reset_dimensions()
    rows = sheet.iter_rows(
        max_row=sizes.EXCEL_ROWS, max_col=sizes.COLUMNS + 1, values_only=True
    )
    for cells in rows:
        if not any(cells):
            # A million of them stand before a cell at the far end.
            yield []
            continue
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        yield texts


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell[: sizes.CELL]
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        # Numbers of phones and cards that Excel took for amounts.
        return str(int(cell))
    if isinstance(cell, datetime):
        is_day = cell.time() == time()
        return cell.date().isoformat() if is_day else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)[: sizes.CELL]
