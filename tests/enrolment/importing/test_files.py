"""Files of every kind of badness: said in words, and never in much memory."""

import io
import os
import subprocess
import sys
import zipfile

import openpyxl
import pytest
from django.conf import settings as django_settings

from enrolment.importing import checking, files, problems, services, sizes
from enrolment.importing.excel import FileRefused
from enrolment.importing.models import ClubImport, ImportRow
from members.models import Member
from tests.factories.importing import ANNA, HEADINGS, NOW, apply, check, receive, text

MB = 1024 * 1024
ROW = "0701741002;bo@exempel.se;Bo;Öst;;;;;;;;;"


def workbook(*rows, sheet="Medlemmar"):
    book = openpyxl.Workbook()
    book.active.title = sheet
    for cells in rows:
        book.active.append(cells)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def packed(parts):
    """Return a zip file of these parts; a number stands for as many megabytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as pack:
        for name, part in parts.items():
            with pack.open(name, "w") as target:
                if isinstance(part, bytes):
                    target.write(part)
                else:
                    for _block in range(part):
                        target.write(bytes(MB))
    return content.getvalue()


def bomb():
    return packed(
        {
            "[Content_Types].xml": b"<Types/>",
            "xl/workbook.xml": b"<workbook/>",
            "xl/worksheets/sheet1.xml": 301,
        }
    )


class TestEncodings:
    @pytest.mark.parametrize(
        ("encoding", "expected"),
        [
            ("utf-8", "utf-8"),
            ("utf-8-sig", "utf-8-sig"),
            ("utf-16", "utf-16"),
            ("utf-16-le", "utf-16-le"),
            ("utf-16-be", "utf-16-be"),
            ("cp1252", "cp1252"),
        ],
    )
    def test_are_found(self, programme, encoding, expected):
        content = f"{HEADINGS}\r\n{ANNA}\r\n{ROW}\r\n".encode(encoding)

        club_import = check(receive(programme, content))

        assert club_import.layout["encoding"] == expected
        assert club_import.report["outcomes"] == {"NEW": 2}
        last_name = ImportRow.objects.get(row=2).last_name
        assert last_name == "Åkesson"

    def test_signs_of_no_alphabet_are_latin(self, programme):
        content = text(ROW.replace("Bo", "B\x81")).decode().encode("latin-1")

        assert receive(programme, content).layout["encoding"] == "latin-1"

    def test_read_wrongly_refuse_the_row_and_not_the_file(self, programme):
        club_import = receive(programme, text(ANNA, ROW).decode().encode("cp1252"))
        layout = services.Layout(**{**club_import.layout, "encoding": "utf-8"})
        club_import = services.set_layout(club_import=club_import, layout=layout)

        club_import = check(club_import)

        assert club_import.report["codes"]["unreadable_signs"] == 2


class TestDelimiters:
    @pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
    def test_are_found(self, programme, delimiter):
        content = text(ANNA, ROW).replace(b";", delimiter.encode())

        club_import = check(receive(programme, content))

        assert club_import.layout["delimiter"] == delimiter
        assert club_import.report["outcomes"] == {"NEW": 2}

    def test_with_quotes_hold_commas_and_lines_together(self, programme):
        content = b'Mobil,Namn\r\n0701741001,"\xc3\x85kesson, Anna\r\nMaria"\r\n'

        check(receive(programme, content))

        found = ImportRow.objects.get()
        assert (found.first_name, found.last_name) == ("Anna Maria", "Åkesson")

    def test_of_mixed_line_ends_are_lines(self, programme):
        content = b"Mobil;Namn\r0701741001;A\n0701741002;B\r\n0701741003;C"

        assert check(receive(programme, content)).report["outcomes"] == {"NEW": 3}

    def test_without_headings_the_content_tells(self, programme):
        club_import = check(receive(programme, b"0701741001;Anna\n0701741002;Bo\n"))

        assert club_import.layout["has_headings"] is False
        assert [*ImportRow.objects.order_by("row").values_list("row", flat=True)] == [
            1,
            2,
        ]


class TestRefusedFiles:
    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "empty"),
            (b"\xef\xbb\xbf", "empty"),
            (b"\r\n\r\n", "empty"),
            (b"\0" * 5000, "empty"),
            (b"%PDF-1.7\n", "not_a_table"),
            (b"\x89PNG\r\n\x1a\n", "not_a_table"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_excel"),
            (
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
                + "EncryptedPackage".encode("utf-16-le"),
                "locked",
            ),
            (os.urandom(4000) + b"\0" * 2000, "not_a_table"),
            (b"a," * 1_000_000, "first_line_too_long"),
            (b"a," * 300 + b"\n1\n", "too_many_columns"),
            (b"x" * (50 * MB), "first_line_too_long"),
            (b"PK\x03\x04" + b"broken" * 50, "broken_excel"),
            (packed({"word/document.xml": b"<w/>"}), "not_a_table"),
            (workbook(["a"], ["b"])[:-200], "broken_excel"),
            (workbook(["a"] * 300), "too_many_columns"),
            (workbook(), "empty"),
            (
                packed(
                    {
                        "[Content_Types].xml": b"<Types/>",
                        "xl/workbook.xml": b"<workbook/>",
                        "xl/vbaProject.bin": b"x",
                    }
                ),
                "macros",
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_are_refused_in_words(self, programme, content, code):
        with pytest.raises(FileRefused) as refused:
            receive(programme, content)

        assert refused.value.code == code
        assert code in problems.FILE_FAULTS
        assert ClubImport.objects.count() == 0
        assert files.strays(older_than=9e12) == []

    def test_that_unpack_to_more_than_we_accept_are_refused(self, programme):
        with pytest.raises(FileRefused, match="bomb"):
            receive(programme, bomb())

    def test_with_an_entity_bomb_are_refused(self, programme):
        laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><workbook>&b;'
        content = io.BytesIO(workbook(["Mobil"], ["0701741001"]))
        with zipfile.ZipFile(content) as book:
            parts = {name: book.read(name) for name in book.namelist()}
        parts["xl/workbook.xml"] = laughs + b"</workbook>"

        with pytest.raises(FileRefused, match="broken_excel"):
            receive(programme, packed(parts))


class TestHostileRows:
    @pytest.mark.parametrize(
        ("line", "code"),
        [
            ("x" * (sizes.LINE + 10), "line_too_long"),
            ("x" * (3 * MB), "line_too_long"),
            ('0701741003;"open', "quote_open"),
            (";" * 100_000, "line_too_long"),
            ("0701741003;" + ";x" * 30_000, "too_many_cells"),
        ],
        ids=["line", "huge", "quote", "columns", "cells"],
    )
    def test_are_refused_alone(self, programme, line, code):
        # What an open quotation mark swallows is more than one cell may hold.
        rest = [f"07017420{number:02d};;;;;;;;;;;;" for number in range(20)]
        filler = ["x" * 9000] * 20 if code == "quote_open" else []

        club_import = check(receive(programme, text(ANNA, ROW, line, *filler, *rest)))

        assert club_import.state == ClubImport.State.CHECKED
        assert club_import.report["codes"][code] == 1
        assert club_import.report["outcomes"]["NEW"] >= 2

    def test_of_odd_signs_are_taken_as_they_are(self, programme):
        lines = [
            "0701741003;;😀 Ada;=cmd|' /C calc'!A0;;;;;;;;;",
            "0701741004;;שלום;عالم;;;;;;;;;",
            "0701741005;;A\0nn\ta;\\N;;;;;;;;;",
            '0701741006;;{"x"};\'; DROP TABLE members_member;--;;;;;;;;;',
        ]
        lines[3] = lines[3].replace("; DROP", " DROP").replace("member;--", "member--")

        club_import = apply(check(receive(programme, text(ANNA, *lines))))

        names = dict(Member.objects.values_list("phone", "last_name"))
        assert club_import.state == ClubImport.State.DONE
        assert names["+46701741003"] == "=cmd|' /C calc'!A0"
        assert names["+46701741005"] == "\\N"
        assert names["+46701741004"] == "عالم"
        assert Member.objects.get(phone="+46701741005").first_name == "A nn a"

    def test_of_more_than_one_batch_are_counted(self, programme):
        count = 2 * checking.BATCH
        content = text(ANNA, *[";;x;y;;;;;;;;;"] * count)

        club_import = check(receive(programme, content))

        assert club_import.report["outcomes"] == {"NEW": 1, "REFUSED": count}


class TestExcel:
    def test_is_read_with_numbers_and_dates(self, programme):
        born = NOW.replace(year=1985, tzinfo=None, hour=0)
        content = workbook(
            ["Mobil", "Namn", "Födelsedatum", "Kundnr"],
            [701741001.0, "Anna Åkesson", born, 17],
            ["070-174 10 02", "Bo Öst", None, None],
        )

        club_import = check(receive(programme, content, name="klubb.xlsx"))

        rows = ImportRow.objects.order_by("row")
        assert club_import.layout["sheet"] == "Medlemmar"
        assert [row.row for row in rows] == [2, 3]
        assert rows[0].birthday_on == born.date()
        assert rows[0].external_id == "17"
        assert rows[1].phone == "+46701741002"

    def test_under_another_name_is_told_by_its_content(self, programme):
        content = workbook(["Mobil"], ["0701741001"])

        assert receive(programme, content, name="a.csv").layout["format"] == "xlsx"
        assert receive(programme, text(ANNA), name="b.xlsx").layout["format"] == "csv"

    def test_with_a_cell_far_away_stays_small(self, programme):
        book = openpyxl.Workbook()
        book.active["A1"] = "Mobil"
        book.active["A2"] = "0701741001"
        book.active["XFD100000"] = "långt borta"
        content = io.BytesIO()
        book.save(content)

        club_import = check(receive(programme, content.getvalue()))

        assert club_import.report["outcomes"] == {"NEW": 1}


MEMORY = """
import sys, django
django.setup()
from pathlib import Path
from django.conf import settings
from enrolment.importing import files, sniffing
from enrolment.importing.excel import FileRefused
from enrolment.importing.checking import club_of
from enrolment.importing.mapping import Answers
from enrolment.importing.columns import Column
from enrolment.importing.parsing import Club, Parser
from enrolment.importing.reading import Rows
from datetime import UTC, datetime
from zoneinfo import ZoneInfo
settings.IMPORT_DIR = sys.argv[1]
club = Club("SE", ZoneInfo("Europe/Stockholm"), "sv", frozenset(["sv"]), {})
for name in sys.argv[2:]:
    with open(name, "rb") as source:
        stored = files.store(iter(lambda: source.read(65536), b""))
    path = files.path_of(stored.public_id)
    try:
        layout = sniffing.detect(path, stored)
    except FileRefused as refused:
        continue
    parser = Parser(1, Answers(columns=(Column.PHONE, Column.EMAIL)), club, width=2,
        now=datetime.now(UTC))
    for number, cells in Rows(path, layout):
        parser.line(number, cells)
# The process's own peak: what `getrusage` gives begins with that of who started it.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024)
"""


class TestMemory:
    def test_stays_below_256_megabytes_whatever_comes(self, tmp_path):
        """Measured in a process of its own: the largest it ever was."""
        bad = {
            "line": b"Mobil;Namn\n0701741001;A\n" + b"x" * (150 * MB),
            "columns": b"Mobil;Namn\n" + b";x" * 1_000_000 * 20,
            # Longer than a cell may be, in lines of which each is refused in turn.
            "quote": b'Mobil;Namn\n0701741001;"' + (b"x" * 99 + b"\n") * 4_000,
            "nul": b"Mobil;Namn\n" + b"\0" * (20 * MB),
            "first": b"x" * (100 * MB),
            "errors": b"Mobil;Namn\n" + b"08-1;x\n" * 1_000,
            "bomb": bomb(),
        }
        for name, content in bad.items():
            (tmp_path / name).write_bytes(content)
        names = sorted(bad)
        del bad, content

        done = subprocess.run(
            [
                sys.executable,
                "-c",
                MEMORY,
                str(tmp_path / "imports"),
                *(str(tmp_path / name) for name in names),
            ],
            cwd=django_settings.BASE_DIR,
            env={
                **os.environ,
                "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
                "DJANGO_SETTINGS_MODULE": "loyalty.settings",
            },
            capture_output=True,
            text=True,
            check=True,
        )

        assert int(done.stdout) < 256, done.stderr
