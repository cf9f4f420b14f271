"""The words of our messages."""

from datetime import date, timedelta

import pytest
from django.conf import settings

from consent.models import Channel
from messaging import sms, templates
from messaging.templates import FieldsMissing

CONTEXT = {
    "link": "https://medlem.fjallochform.se/join/" + "x" * 22 + "/",
    "code": "481923",
    "title": "Erbjudanden och nyheter via sms",
    "day": "23 december 2026",
    "first_name": "Ann-Christine",
    "number": "402188371150",
    "phone": "07•-••• •• 05",
    "text": "Ljung & Dal AB får skicka mig erbjudanden från Ljung & Dal via sms.",
    "balance": "12 640 poäng, värda 1 264 kr",
    "ends_on": date(2026, 12, 24),
    "step": 3,
    "months": 24,
    "lost": "12 640 poäng, värda 1 264 kr",
    "what": "Begäran om en kopia av uppgifterna",
    "moment": "23 december 2026 09:41",
}
LANGUAGES = [code for code, _name in settings.LANGUAGES]
BY_SMS = sorted(
    name for name, kind in templates.kinds().items() if Channel.SMS in kind.channels
)


def write(programme, kind, channel, language, now, **changes):
    return templates.write(
        kind=kind,
        channel=channel,
        language=language,
        programme=programme,
        context={**CONTEXT, **changes},
        now=now,
        expires_at=now + timedelta(days=7),
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(templates.kinds()))
class TestEveryKind:
    def test_is_written_in_every_language(self, programme, now, kind, language):
        for channel in templates.kinds()[kind].channels:
            written = write(programme, kind, channel, language, now)

            assert programme.name in written.subject + written.body
            assert "{" not in written.subject + written.body
            assert "&amp;" not in written.subject + written.body
            assert bool(written.subject) == (channel == Channel.EMAIL)

    def test_differs_from_the_other_languages(self, programme, now, kind, language):
        for channel in templates.kinds()[kind].channels:
            bodies = {
                write(programme, kind, channel, code, now).body for code in LANGUAGES
            }

            assert len(bodies) == len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", BY_SMS)
def test_every_sms_fits_into_two_without_costly_signs(programme, now, kind, language):
    programme.name = "Fjäll & Form Sundsvall"

    size = sms.size_of(write(programme, kind, Channel.SMS, language, now).body)

    assert size.encoding == "GSM-7"
    assert size.segments <= 2


class TestWrite:
    def test_says_how_long_a_code_works(self, programme, now):
        written = templates.write(
            kind="login_code",
            channel=Channel.SMS,
            language="en",
            programme=programme,
            context={"code": "481923"},
            now=now,
            expires_at=now + timedelta(minutes=5),
        )

        assert "works for 5 minutes" in written.body
        # The last line lets a phone fill in the code, on our page only.
        assert written.body.endswith("@127.0.0.1 #481923")

    def test_refuses_a_gap(self, programme, now):
        with pytest.raises(FieldsMissing, match="link"):
            write(programme, "join_link", Channel.SMS, "sv", now, link="")

    def test_refuses_an_unknown_kind(self, programme, now):
        with pytest.raises(LookupError):
            write(programme, "nothing", Channel.SMS, "sv", now)

    def test_refuses_a_channel_that_it_is_not_written_for(self, programme, now):
        with pytest.raises(LookupError):
            write(programme, "email_in_use", Channel.SMS, "sv", now)

    def test_lets_no_line_break_into_the_subject(self, programme, now):
        programme.name = "Klubben\r\nBcc: alla@example.se"

        written = write(programme, "welcome", Channel.EMAIL, "sv", now)

        assert "\n" not in written.subject
        assert "\r" not in written.subject
