"""Rows as a CSV file that a spreadsheet opens without running anything in it."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.formats import get_format

# A cell that begins like this is a formula to a spreadsheet (CWE-1236).
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
BYTE_ORDER_MARK = "\ufeff"


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_response(rows: Iterable[Iterable[Any]], *, name: str) -> StreamingHttpResponse:
    """Stream rows as a file; the separators are those the language's Excel expects."""
    return StreamingHttpResponse(
        _as_asked(csv_lines(rows)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _as_asked(lines: Iterator[str]) -> Iterator[str]:
    """Write each line in the language and zone of the request.

    The server takes the lines after the middleware has left, when the thread is back
    in the default language.
    """
    language, zone = translation.get_language(), timezone.get_current_timezone()
    return _pull(lines, language, zone)


def _pull(
    lines: Iterator[str], language: str | None, zone: tzinfo | None
) -> Iterator[str]:
    while True:
        with translation.override(language), timezone.override(zone):
            line = next(lines, None)
        if line is None:
            return
        yield line


def csv_lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Write rows one by one, first a mark that tells Excel the encoding."""
    decimal = str(get_format("DECIMAL_SEPARATOR"))
    writer = csv.writer(_Echo(), delimiter=";" if decimal == "," else ",")
    yield BYTE_ORDER_MARK
    for row in rows:
        yield writer.writerow([cell(value, decimal=decimal) for value in row])


def cell(value: Any, *, decimal: str = ".") -> str:
    """Write one cell; text that would be read as a formula gets a leading `'`.

    Numbers are spared, or a negative amount could not be summed.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float | Decimal):
        return str(value).replace(".", decimal)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    text = str(value)
    return f"'{text}" if text.startswith(_DANGEROUS) else text
