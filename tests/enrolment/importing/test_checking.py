from datetime import timedelta

import pytest

from enrolment.importing import (
    checking,
    mapping,
    services,
    work,
)
from enrolment.importing.models import ClubImport, ImportBatch, ImportRow
from members.identity import add_identifier
from messaging.models import Message
from tests.factories.importing import (
    ANNA,
    HEADINGS,
    NOW,
    check,
    codes,
    counts,
    receive,
    row,
    text,
)
from tests.factories.members import MemberFactory

State = ClubImport.State


class TestCheck:
    def test_changes_nothing_but_its_own_rows(self, programme):
        MemberFactory(programme=programme, phone="+46701741001")
        before = counts()

        club_import = check(receive(programme, text(ANNA, row("0701741002"))))

        assert club_import.state == State.CHECKED
        assert club_import.report["outcomes"] == {"CHANGED": 1, "NEW": 1}
        assert counts() == before
        assert Message.objects.count() == 0

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (row(first="Ingen"), "no_contact"),
            (row("08-123 45 67"), "phone_invalid"),
            (row("", "feladress"), "email_invalid"),
            (row("0701741002", born="2020-01-01"), "too_young"),
            (row("0701741002", status="avslutad"), "has_left"),
            (row("0701741002", status="halvvägs"), "status_unknown"),
            (row("0701741002") + ";;;en för många", "too_many_cells"),
        ],
    )
    def test_refuses_a_row_and_says_why(self, programme, line, code):
        club_import = check(receive(programme, text(ANNA, line)))

        assert codes(club_import)[3] == [code]
        assert club_import.report["outcomes"]["REFUSED"] == 1

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (row("0701741002", "feladress"), "email_left_out"),
            (row("08-1234567", "a@exempel.se"), "phone_left_out"),
            (row("0701741002", born="1985-13-01"), "birthday_left_out"),
            (row("0701741002", first="A" * 70), "name_cut"),
            (row("0701741002", since="i fjol"), "since_left_out"),
            (row("0701741002", sms="Kanske"), "sms_unclear"),
            (row("0701741002", sms="Ja", sms_from="Kassan"), "sms_no_date"),
            (row("0701741002", sms="Ja", sms_at="2020-01-01"), "sms_no_source"),
            (row("0701741002", card="881234567890"), "card_left_out"),
        ],
    )
    def test_warns_and_leaves_a_value_out(self, programme, line, code):
        club_import = check(receive(programme, text(ANNA, line)))

        assert codes(club_import) == {3: [code]}
        assert club_import.report["outcomes"] == {"NEW": 2}

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (row("+46 70 174 10 01"), "same_phone"),
            (row("0701741002", "ANNA@exempel.se"), "same_email"),
            (row("0701741002", id="1001"), "same_external"),
        ],
    )
    def test_shows_what_stands_twice_in_the_file(self, programme, line, code):
        club_import = check(receive(programme, text(ANNA, line)))

        (problem,) = ImportRow.objects.get(row=3).problems
        assert problem["code"] == code
        assert problem["other"] == 2
        assert club_import.report["outcomes"] == {"NEW": 1, "REFUSED": 1}

    def test_refuses_a_row_that_names_two_members(self, programme):
        MemberFactory(programme=programme, phone="+46701741002", email="")
        MemberFactory(programme=programme, phone="", email="b@exempel.se")

        club_import = check(receive(programme, text(row("0701741002", "b@exempel.se"))))

        assert codes(club_import) == {2: ["two_members"]}

    def test_refuses_two_rows_for_one_member(self, programme):
        MemberFactory(programme=programme, phone="+46701741002", email="b@exempel.se")

        club_import = check(
            receive(programme, text(row("0701741002"), row("", "b@exempel.se")))
        )

        assert codes(club_import) == {3: ["same_member"]}

    def test_does_not_take_an_unproven_number_for_its_holder(self, programme):
        member = MemberFactory(programme=programme, phone="+46701741009")
        add_identifier(member=member, kind="PHONE", value="+46701741002", now=NOW)

        club_import = check(receive(programme, text(row("0701741002"))))

        assert codes(club_import) == {2: ["unsure_member"]}

    @pytest.mark.parametrize(
        ("trait", "code"), [("left", "member_left"), ("blocked", "member_blocked")]
    )
    def test_brings_nobody_back(self, programme, trait, code):
        MemberFactory(programme=programme, phone="+46701741002", **{trait: True})

        club_import = check(receive(programme, text(row("0701741002"))))

        assert codes(club_import) == {2: [code]}

    def test_sees_only_its_own_programme(self, programme):
        MemberFactory(phone="+46701741001", email="anna@exempel.se")

        club_import = check(receive(programme, text(ANNA)))

        assert club_import.report["outcomes"] == {"NEW": 1}

    def test_keeps_the_cells_of_refused_rows_alone(self, programme):
        check(receive(programme, text(ANNA, row("0701741001", first="Dubbel"))))

        good, refused = ImportRow.objects.order_by("row")
        assert good.raw is None
        assert refused.raw[:3] == ["0701741001", "", "Dubbel"]

    def test_goes_on_where_a_dead_worker_stopped(self, programme, monkeypatch):
        monkeypatch.setattr(checking, "BATCH", 2)
        lines = [row(f"07017410{number:02d}") for number in range(9)]
        club_import = receive(programme, text(*lines))
        services.set_columns(
            club_import=club_import,
            answers=mapping.from_json(club_import.mapping),
            now=NOW,
        )
        looks = iter([False, False, True])
        work.run(clock=lambda: NOW, is_over=lambda: next(looks))
        assert 0 < ImportRow.objects.count() < 9
        # A dead worker's claim is not given back.
        ClubImport.objects.update(claim="0" * 32, beat_at=NOW)

        work.run(clock=lambda: NOW + timedelta(seconds=5), is_over=lambda: False)
        assert ImportRow.objects.count() < 9
        work.run(clock=lambda: NOW + timedelta(minutes=2), is_over=lambda: False)

        club_import.refresh_from_db()
        assert club_import.state == State.CHECKED
        assert club_import.rows == ImportRow.objects.count() == 9
        assert ImportBatch.objects.count() == 5

    def test_fails_in_words_when_there_are_only_headings(self, programme):
        club_import = check(receive(programme, text()))

        assert club_import.state == State.FAILED
        assert club_import.failure == "only_headings"


def test_headings_of_the_factory_are_all_understood(programme):
    club_import = receive(programme, text(ANNA))

    assert "" not in club_import.mapping["columns"], HEADINGS
