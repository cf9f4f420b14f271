"""Rows of a file, one by one and in little memory, however hostile it is."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from enrolment.importing import sizes

CSV, EXCEL = "csv", "xlsx"
# In the place of a row that cannot be taken apart; no file can hold this sign, since
# it is a lone surrogate.
_FAULT = "\udcff"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is to be read."""

    format: str = CSV
    encoding: str = "utf-8"
    delimiter: str = ";"
    has_quotes: bool = True
    has_headings: bool = True
    sheet: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as stored with an import."""
        return asdict(self)


class Rows:
    """The rows of a text file, numbered as a spreadsheet does, empty ones left out.

    A row that cannot be taken apart comes as `fault_of` understands it.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        self.number = 0
        self._path = path
        self._layout = layout
        self._file: TextIO | None = None

    @property
    def bytes_read(self) -> int:
        """Return about how much of the file has been read."""
        if self._file is None or self._file.closed:
            return 0
        return self._file.buffer.tell()

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        with self._open() as self._file:
            layout = self._layout
            reader = csv.reader(
                _lines(self._file),
                delimiter=layout.delimiter,
                quoting=csv.QUOTE_MINIMAL if layout.has_quotes else csv.QUOTE_NONE,
            )
            while True:
                try:
                    for cells in reader:
                        self.number += 1
                        if any(cells):
                            yield self.number, cells
                except csv.Error:
                    # A quotation mark that is not closed swallows lines until the
                    # limit of a cell; the next line is read as if none were open.
                    self.number += 1
                    yield self.number, [f"{_FAULT}quote_open"]
                    continue
                return

    def _open(self) -> TextIO:
        # What cannot be read becomes a sign that values are held against.
        return self._path.open(
            encoding=self._layout.encoding, errors="replace", newline=""
        )


def fault_of(cells: Sequence[str]) -> str:
    """Return the code of what is wrong with a row as a whole, or nothing."""
    if cells and cells[0].startswith(_FAULT):
        return cells[0][1:]
    return ""


def _lines(file: TextIO) -> Iterator[str]:
    """Yield lines; of one that is too long, a mark in its place."""
    while line := file.readline(sizes.LINE):
        if len(line) == sizes.LINE and line[-1] not in "\r\n":
            while (rest := file.readline(sizes.LINE)) and rest[-1] not in "\r\n":
                pass
            yield f"{_FAULT}line_too_long\n"
        else:
            yield line
