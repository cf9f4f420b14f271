"""What members ask for is written down, proven, answered, and carried out once."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from consent import contact, rights
from consent.erasure import addresses_of
from consent.models import (
    ConsentEntry,
    Erasure,
    RightsRequest,
    RightsStep,
    Suppression,
)
from consent.rights import carrying_out, erasing, links, outlet, proving, services
from members.models import Member
from messaging.models import Message
from portal.services import open_session
from stores.models import AuditEntry
from tests.factories.consent import answer as say
from tests.factories.members import MemberFactory
from tests.factories.messaging import recording
from tests.factories.portal import proven

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
Kind, State = RightsRequest.Kind, RightsRequest.State


@pytest.fixture
def vera(programme):
    return MemberFactory(
        programme=programme, phone="+46701740605", email="vera@example.se"
    )


def ask(member, kind=Kind.ERASURE, *, proof="SIGNED_IN", now=NOW, **more):
    return rights.receive(
        member=member,
        kind=kind,
        source=more.pop("source", "PORTAL"),
        proof=proof,
        now=now,
        **more,
    )


def steps(request):
    rows = RightsStep.objects.filter(request=request).order_by("pk")
    return list(rows.values_list("kind", flat=True))


class TestReceive:
    def test_sets_the_clock_and_writes_it_down(self, vera):
        request = ask(vera, Kind.ACCESS)

        assert request.state == State.OPEN
        assert request.due_at == datetime(2026, 4, 2, 21, 59, 59, tzinfo=UTC)
        assert steps(request) == ["RECEIVED", "PROVEN"]

    def test_counts_from_the_day_a_letter_came(self, vera, olga):
        came = NOW - timedelta(days=5)
        request = ask(
            vera,
            Kind.ACCESS,
            proof="",
            source="LETTER",
            staff=olga,
            received_at=came,
        )

        assert request.state == State.UNPROVEN
        assert request.due_at == datetime(2026, 3, 25, 22, 59, 59, tzinfo=UTC)
        assert AuditEntry.objects.filter(
            action="rights.received", member_id=vera.public_id
        ).exists()

    def test_adds_to_what_is_open_already(self, vera):
        first = ask(vera, Kind.RECTIFICATION, words="A")
        second = ask(vera, Kind.RECTIFICATION, words="B")

        assert first == second
        assert steps(first) == ["RECEIVED", "PROVEN", "NOTE"]

    def test_proves_what_the_desk_wrote_down(self, vera, olga):
        ask(vera, Kind.ACCESS, proof="", source="PHONE", staff=olga)

        assert ask(vera, Kind.ACCESS).state == State.OPEN


class TestSteps:
    def test_are_never_changed_but_emptied(self, vera, olga):
        request = ask(vera, Kind.ACCESS)
        rights.note(request=request, text="Ringde", staff=olga, now=NOW)
        rows = RightsStep.objects.filter(request=request)

        for change in ({"kind": "DONE"}, {"note": "annat"}, {"at": NOW + DAY}):
            with pytest.raises(DatabaseError), transaction.atomic():
                rows.update(**change)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows._raw_delete(rows.db)
        rows.update(note="", staff=None)

        assert not rows.exclude(note="").exists()


class TestExtend:
    def test_takes_two_months_and_tells_why(self, vera, olga):
        request = ask(vera, Kind.ACCESS)

        extended = rights.extend(
            request=request, because="Många kvitton", staff=olga, now=NOW + DAY
        )

        assert extended.due_at == datetime(2026, 6, 2, 21, 59, 59, tzinfo=UTC)
        mail = Message.objects.get(kind="rights_answer", channel="EMAIL")
        assert "Många kvitton" in mail.body

    @pytest.mark.parametrize("late", [timedelta(days=32), timedelta(days=90)])
    def test_is_refused_after_the_first_month(self, vera, olga, late):
        request = ask(vera, Kind.ACCESS)

        with pytest.raises(rights.TooLate):
            rights.extend(request=request, because="x", staff=olga, now=NOW + late)


class TestAnswer:
    def test_goes_to_the_member_in_full_by_email(self, vera, olga):
        request = ask(vera, Kind.RECTIFICATION)

        sent = rights.answer(
            request=request, text="Rättat nu.", staff=olga, by_message=True, now=NOW
        )

        assert sent
        mail = Message.objects.get(kind="rights_answer", channel="EMAIL")
        sms = Message.objects.get(kind="rights_answer", channel="SMS")
        assert "Rättat nu." in mail.body
        assert "Rättat nu." not in sms.body
        assert "/me/data/" in sms.body

    def test_goes_nowhere_before_it_is_known_who_asks(self, vera, olga):
        request = ask(vera, Kind.ACCESS, proof="", source="EMAIL", staff=olga)

        with pytest.raises(rights.Unproven):
            rights.answer(
                request=request, text="x", staff=olga, by_message=True, now=NOW
            )
        assert not Message.objects.filter(kind="rights_answer").exists()

    def test_says_that_a_letter_is_not_sent(self, vera, olga):
        request = ask(vera, Kind.ACCESS)

        assert not rights.answer(
            request=request, text="x", staff=olga, by_message=False, now=NOW
        )


class TestRefuse:
    def test_tells_nothing_to_who_has_shown_nothing(self, vera, olga):
        request = ask(vera, Kind.ACCESS, proof="", source="EMAIL", staff=olga)

        rights.refuse(request=request, because="Vem?", staff=olga, now=NOW)

        assert not Message.objects.filter(kind="rights_answer").exists()
        assert request.__class__.objects.get(pk=request.pk).state == State.REFUSED


class TestProve:
    @pytest.fixture
    def asked(self, vera, olga):
        proven(vera, "PHONE")
        return ask(vera, Kind.ACCESS, proof="", source="PHONE", staff=olga)

    @pytest.fixture
    def code(self, asked, olga, now):
        proving.send_code(request=asked, channel="SMS", staff=olga, now=now)
        body = Message.objects.get(kind="desk_code").body
        return re.search(r"\b[0-9]{6}\b", body)[0]

    def test_takes_the_code_that_the_member_says(self, asked, code, olga, now):
        proving.prove_by_code(
            request=asked, channel="SMS", code=code, staff=olga, now=now
        )

        asked.refresh_from_db()
        assert (asked.state, asked.proof) == (State.OPEN, "CODE")

    def test_refuses_another_one_and_keeps_it_on_record(self, asked, code, olga, now):
        wrong = f"{(int(code) + 1) % 1000000:06d}"

        with pytest.raises(outlet.CodeUnsent):
            proving.prove_by_code(
                request=asked, channel="SMS", code=wrong, staff=olga, now=now
            )

        asked.refresh_from_db()
        assert asked.state == State.UNPROVEN
        assert AuditEntry.objects.filter(action="rights.code_wrong").count() == 1

    def test_refuses_a_code_of_another_request(self, vera, asked, code, olga, now):
        other = ask(vera, Kind.RECTIFICATION, proof="", source="PHONE", staff=olga)

        with pytest.raises(outlet.CodeUnsent):
            proving.prove_by_code(
                request=other, channel="SMS", code=code, staff=olga, now=now
            )

    def test_stops_codes_that_come_too_often(self, asked, olga, now):
        for _ in range(3):
            proving.send_code(request=asked, channel="SMS", staff=olga, now=now)

        with pytest.raises(outlet.CodeUnsent, match=r"många|often"):
            proving.send_code(request=asked, channel="SMS", staff=olga, now=now)

    def test_sends_none_where_nothing_is_proven(self, programme, olga, now):
        other = MemberFactory(programme=programme)
        asked = ask(other, Kind.ACCESS, proof="", source="PHONE", staff=olga)

        with pytest.raises(outlet.CodeUnsent):
            proving.send_code(request=asked, channel="SMS", staff=olga, now=now)


class TestNoteDownload:
    def test_closes_what_was_open(self, vera):
        request = ask(vera, Kind.PORTABILITY)

        rights.note_download(member=vera, source="PORTAL", proof="SIGNED_IN", now=NOW)

        request.refresh_from_db()
        assert request.state == State.DONE
        assert steps(request)[-2:] == ["DOWNLOADED", "DONE"]

    def test_writes_down_what_nobody_asked_for_before(self, vera):
        rights.note_download(member=vera, source="PORTAL", proof="SIGNED_IN", now=NOW)

        assert RightsRequest.objects.get().state == State.DONE

    def test_is_refused_to_staff_before_it_is_known_who_asks(self, vera, olga):
        request = ask(vera, Kind.ACCESS, proof="", source="LETTER", staff=olga)

        with pytest.raises(rights.Unproven):
            rights.note_download(
                member=vera,
                source="LETTER",
                proof="",
                staff=olga,
                request=request,
                now=NOW,
            )


class TestCarryOut:
    def test_objection_stops_marketing_for_good(self, vera, olga):
        say(vera, ConsentEntry.Action.GIVEN)
        request = ask(vera, Kind.OBJECTION)

        carrying_out.carry_out_objection(request=request, staff=olga, now=NOW)

        objected = ConsentEntry.objects.filter(member=vera, action="OBJECTED")
        assert {each.channel for each in objected} == {"ANY"}
        assert RightsRequest.objects.get().state == State.DONE

    def test_restriction_holds_until_it_is_lifted(self, vera, olga):
        request = ask(vera, Kind.RESTRICTION)

        carrying_out.carry_out_restriction(request=request, staff=olga, now=NOW)
        assert contact.preference_of(vera).restricted_at == NOW
        carrying_out.lift_restriction(request=request, staff=olga, now=NOW + DAY)

        assert contact.preference_of(vera).restricted_at is None

    def test_is_refused_for_another_kind(self, vera, olga):
        request = ask(vera, Kind.ACCESS)

        with pytest.raises(rights.RequestClosed):
            carrying_out.carry_out_restriction(request=request, staff=olga, now=NOW)


class TestErasure:
    def test_waits_a_day_and_tells_how_to_stop_it(self, vera):
        request = rights.begin_erasure(request=ask(vera), now=NOW)

        assert (request.state, request.erase_at) == (State.COOLING, NOW + DAY)
        for channel in ("SMS", "EMAIL"):
            told = Message.objects.get(kind="erasure_begun", channel=channel)
            assert f"/me/data/undo/{links.token_of(request)}/" in told.body
        assert erasing.erase_due(now=NOW + DAY - timedelta(seconds=1)) == 0
        assert contact.preference_of(vera).restricted_at == NOW

    def test_is_not_done_by_a_tick(self, vera, olga):
        request = ask(vera)

        with pytest.raises(rights.RequestClosed):
            rights.close(request=request, staff=olga, now=NOW)

    def test_begins_once(self, vera):
        request = rights.begin_erasure(request=ask(vera), now=NOW)

        again = rights.begin_erasure(request=request, now=NOW + timedelta(hours=5))

        assert again.erase_at == NOW + DAY
        assert Message.objects.filter(kind="erasure_begun").count() == 2

    def test_is_taken_back_and_everything_is_as_before(self, vera):
        request = rights.begin_erasure(request=ask(vera), now=NOW)

        rights.take_back(request=request, now=NOW + timedelta(hours=23))

        assert rights.find_cooling(vera) is None
        assert contact.preference_of(vera).restricted_at is None
        assert Message.objects.filter(kind="erasure_taken_back").count() == 2
        assert erasing.erase_due(now=NOW + 2 * DAY) == 0

    def test_keeps_a_restriction_that_held_before(self, vera):
        contact.restrict(member=vera, is_restricted=True, now=NOW - DAY)
        request = rights.begin_erasure(request=ask(vera), now=NOW)

        rights.take_back(request=request, now=NOW + timedelta(hours=1))

        assert contact.preference_of(vera).restricted_at == NOW - DAY

    def test_cannot_be_taken_back_after_its_day(self, vera):
        request = rights.begin_erasure(request=ask(vera), now=NOW)

        with pytest.raises(rights.RequestClosed):
            rights.take_back(request=request, now=NOW + DAY)

    def test_is_carried_out_after_a_last_message(self, vera):
        request = rights.begin_erasure(request=ask(vera), now=NOW)
        with recording() as transport:
            assert erasing.erase_due(now=NOW + DAY) == 1

        farewells = [each for each in transport.sent if "sista" in each.body]
        assert {each.address for each in farewells} == {vera.phone, vera.email}
        request.refresh_from_db()
        vera.refresh_from_db()
        assert (request.state, vera.status) == (State.DONE, Member.Status.ERASED)
        tombstone = Erasure.objects.get()
        assert (tombstone.member_id, tombstone.reason) == (vera.public_id, "REQUEST")
        assert not Message.objects.exclude(address="").exists()

    def test_waits_for_the_last_message_but_not_for_ever(self, vera, settings):
        settings.MESSAGE_TRANSPORTS = {"SMS": "", "EMAIL": ""}
        rights.begin_erasure(request=ask(vera), now=NOW)

        assert erasing.erase_due(now=NOW + DAY) == 0
        assert erasing.erase_due(now=NOW + DAY + timedelta(hours=3)) == 0
        assert erasing.erase_due(now=NOW + DAY + timedelta(hours=7)) == 1

    def test_of_who_was_merged_meanwhile_erases_the_one_they_are(self, vera, programme):
        kept = MemberFactory(programme=programme)
        rights.begin_erasure(request=ask(vera), now=NOW)
        Member.objects.filter(pk=vera.pk).update(
            status=Member.Status.MERGED, merged_into=kept, phone="", email=""
        )

        assert rights.find_cooling(kept) is not None
        with recording():
            erasing.erase_due(now=NOW + DAY)

        kept.refresh_from_db()
        assert kept.status == Member.Status.ERASED

    def test_lists_the_addresses_until_they_say_yes_themselves(self, vera, programme):
        addresses = addresses_of(vera)
        rights.begin_erasure(request=ask(vera), now=NOW)
        with recording():
            erasing.erase_due(now=NOW + DAY)

        for channel, address in addresses:
            listed = contact.find_suppression(
                programme=programme, channel=channel, address=address
            )
            assert (listed.reach, listed.reason) == ("MARKETING", "ERASED")
        again = MemberFactory(programme=programme, phone="+46701740605")
        say(again, ConsentEntry.Action.IMPORTED)
        assert Suppression.objects.filter(lifted_at=None).count() == 2
        say(again, ConsentEntry.Action.GIVEN)
        assert Suppression.objects.filter(lifted_at=None).count() == 1


class TestLink:
    def test_finds_its_request_and_nothing_when_forged(self, vera):
        request = rights.begin_erasure(request=ask(vera), now=NOW)
        token = links.token_of(request)

        assert links.find_request(token) == request
        assert len(token) == 38
        for place in range(len(token)):
            other = "A" if token[place] != "A" else "B"
            forged = token[:place] + other + token[place + 1 :]
            # The last bits of a base64 text may say nothing.
            if links.find_request(forged) is not None:
                assert place in {21, 37}
        assert links.find_request("x" * 38) is None
        assert links.find_request("å" * 38) is None


@pytest.mark.django_db(transaction=True)
class TestRace:
    """Taking back and erasing at one time: one of them wins."""

    def run(self, request):
        barrier = threading.Barrier(2)
        done = []

        def worker(name, act):
            try:
                barrier.wait(5)
                act()
            except rights.RequestClosed:
                done.append(f"{name} refused")
            else:
                done.append(name)
            finally:
                connection.close()

        keep = threading.Thread(
            target=worker,
            args=(
                "kept",
                lambda: rights.take_back(
                    request=request, now=NOW + DAY - timedelta(seconds=1)
                ),
            ),
        )
        erase = threading.Thread(
            target=worker, args=("erased", lambda: erasing.erase_due(now=NOW + DAY))
        )
        keep.start()
        erase.start()
        keep.join(20)
        erase.join(20)
        return done

    def outcome(self, request):
        request.refresh_from_db()
        status = Member.objects.get(pk=request.member_id).status
        return request.state, status

    def test_ends_in_one_of_two_ways(self, vera):
        with recording():
            for _ in range(5):
                member = MemberFactory(programme=vera.programme)
                request = rights.begin_erasure(request=ask(member), now=NOW)

                self.run(request)

                assert self.outcome(request) in {
                    (State.CANCELLED, Member.Status.ACTIVE),
                    (State.DONE, Member.Status.ERASED),
                }

    def test_would_erase_who_took_it_back_without_the_lock(self, vera, monkeypatch):
        request = rights.begin_erasure(request=ask(vera), now=NOW)
        looked = threading.Barrier(2)

        def unlocked(found, **_options):
            fresh = RightsRequest.objects.select_related(
                "programme", "member__programme"
            ).get(pk=found.pk)
            # Both have looked before either writes.
            looked.wait(5)
            return fresh

        monkeypatch.setattr(services, "lock", unlocked)
        # The job's first lock, on the member, would hold the other back as well.
        monkeypatch.setattr(erasing.Member, "objects", _Unlocked(Member.objects))

        with recording():
            done = self.run(request)

        assert sorted(done) == ["erased", "kept"]
        status = Member.objects.filter(pk=vera.pk).get().status
        assert status == Member.Status.ERASED


class _Unlocked:
    """A manager that takes no locks."""

    def __init__(self, manager):
        self.manager = manager

    def select_for_update(self, **_options):
        return self.manager.all()

    def __getattr__(self, name):
        return getattr(self.manager, name)


class TestSession:
    def test_of_a_member_in_the_cooling_off_goes_on(self, vera):
        rights.begin_erasure(request=ask(vera), now=NOW)

        opened = open_session(member=vera, channel="SMS", device="Chrome", now=NOW)

        assert opened.session.member == vera
