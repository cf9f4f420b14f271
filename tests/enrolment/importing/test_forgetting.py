import os
from datetime import timedelta

from enrolment.importing import (
    files,
    mapping,
    services,
)
from enrolment.importing.models import ClubImport, ImportRow
from tests.factories.importing import (
    ANNA,
    NOW,
    check,
    receive,
    row,
    text,
)

State = ClubImport.State


class TestForget:
    def test_deletes_files_in_time(self, programme):
        left = check(receive(programme, text(row("0701741005"))))

        services.forget(now=NOW + timedelta(days=6))
        assert files.path_of(left.public_id).exists()
        services.forget(now=NOW + timedelta(days=8))

        left.refresh_from_db()
        assert left.state == State.CANCELLED
        assert not files.path_of(left.public_id).exists()

    def test_deletes_files_that_belong_to_nothing(self, programme):
        stray = files.store([b"x"])
        old = (NOW - timedelta(days=3)).timestamp()
        os.utime(files.path_of(stray.public_id), (old, old))

        services.forget(now=NOW)

        assert not files.path_of(stray.public_id).exists()

    def test_keeps_the_file_for_our_eyes_alone(self, programme):
        stored = files.store([b"x"])

        assert files.path_of(stored.public_id).stat().st_mode & 0o077 == 0


class TestCancel:
    def test_deletes_the_file_and_the_rows(self, programme, olga):
        club_import = check(receive(programme, text(ANNA)))

        services.cancel(club_import=club_import, staff=olga, now=NOW)

        assert not files.path_of(club_import.public_id).exists()
        assert ImportRow.objects.count() == 0

    def test_of_a_check_goes_back_to_the_columns(self, programme):
        club_import = receive(programme, text(ANNA))
        services.set_columns(
            club_import=club_import,
            answers=mapping.from_json(club_import.mapping),
            now=NOW,
        )

        services.cancel(club_import=club_import, staff=None, now=NOW)

        club_import.refresh_from_db()
        assert club_import.state == State.NEW
        assert files.path_of(club_import.public_id).exists()
