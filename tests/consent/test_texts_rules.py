"""What the editor refuses, sentence by sentence."""

from datetime import date, timedelta

import pytest

from consent import texts
from consent.texts import rules
from consent.texts.rules import Change, Code, Subject
from consent.texts.wording import Wording
from tests.factories.consent import TEXT_SUBJECTS
from tests.factories.stores import ProgrammeFactory

COMPANY = "Ljung & Dal AB"
TODAY = date(2026, 11, 23)
LANGUAGES = ("sv", "da", "en")

SMS = Subject(COMPANY, "CONSENT", "MARKETING", "SMS")
EMAIL = Subject(COMPANY, "CONSENT", "MARKETING", "EMAIL")
PROFILING = Subject(COMPANY, "CONSENT", "PROFILING", "ANY")
SURVEYS = Subject(COMPANY, "CONSENT", "SURVEYS", "EMAIL")
PARTNERS = Subject(COMPANY, "CONSENT", "PARTNERS", "ANY")
TERMS = Subject(COMPANY, "TERMS")

# Nothing wrong with these: a sentence is added to them.
CLEAN = {
    (SMS, "sv"): "Ljung & Dal AB får skicka mig erbjudanden via sms.",
    (SMS, "da"): "Ljung & Dal AB må sende mig tilbud på sms.",
    (SMS, "en"): "Ljung & Dal AB may send me offers by SMS.",
    (EMAIL, "sv"): "Ljung & Dal AB får skicka mig erbjudanden via e-post.",
    (EMAIL, "da"): "Ljung & Dal AB må sende mig tilbud på e-mail.",
    (EMAIL, "en"): "Ljung & Dal AB may send me offers by e-mail.",
    (PROFILING, "sv"): "Ljung & Dal AB får välja erbjudanden utifrån det jag köper.",
    (PROFILING, "da"): "Ljung & Dal AB må vælge tilbud ud fra det, jeg køber.",
    (PROFILING, "en"): "Ljung & Dal AB may choose offers from what I buy.",
    (SURVEYS, "sv"): "Ljung & Dal AB får skicka mig enkäter via e-post.",
    (SURVEYS, "da"): "Ljung & Dal AB må sende mig spørgeskemaer på e-mail.",
    (SURVEYS, "en"): "Ljung & Dal AB may send me surveys by e-mail.",
    (PARTNERS, "sv"): "Ljung & Dal AB får lämna ut mitt namn till Nordfjäll AB.",
    (PARTNERS, "da"): "Ljung & Dal AB må videregive mit navn til Nordfjäll AB.",
    (PARTNERS, "en"): "Ljung & Dal AB may pass on my name to Nordfjäll AB.",
    (TERMS, "sv"): "Ljung & Dal AB driver klubben.",
    (TERMS, "da"): "Ljung & Dal AB driver klubben.",
    (TERMS, "en"): "Ljung & Dal AB runs the club.",
}
WAY_BACK = {
    "sv": "Jag kan ta tillbaka mitt ja när som helst på Mina sidor.",
    "da": "Jeg kan når som helst trække mit ja tilbage på Mine sider.",
    "en": "I can take back my yes at any time on My pages.",
}

REFUSED = [
    # A box that somebody else ticked.
    (SMS, "sv", "[x] Ja, skicka mig sms.", Code.TICKED),
    (SMS, "sv", "☑ Ja tack till sms", Code.TICKED),
    (SMS, "sv", "Rutan är förkryssad för att det ska gå fort.", Code.TICKED),
    (EMAIL, "sv", "Ditt ja är redan ikryssat.", Code.TICKED),
    (EMAIL, "sv", "Valet är förvalt men kan ändras.", Code.TICKED),
    (EMAIL, "da", "Feltet er forudafkrydset.", Code.TICKED),
    (SMS, "da", "Dit ja er forhåndsvalgt.", Code.TICKED),
    (SMS, "en", "The box is checked.", Code.TICKED),
    (EMAIL, "en", "The choice is pre-ticked for your convenience.", Code.TICKED),
    (EMAIL, "en", "(x) Yes, send me e-mail", Code.TICKED),
    (TERMS, "en", "The box for offers is checked when you join.", Code.TICKED),
    (TERMS, "sv", '<input type="checkbox" checked>', Code.TICKED),
    # Silence taken for a yes.
    (SMS, "sv", "Vi skickar sms om du inte säger nej.", Code.SILENCE),
    (EMAIL, "sv", "Avmarkera rutan för att slippa utskick.", Code.SILENCE),
    (SMS, "da", "Vi sender sms, medmindre du siger fra.", Code.SILENCE),
    (EMAIL, "da", "Du får e-mail, hvis du ikke fravælger det.", Code.SILENCE),
    (SMS, "en", "We send SMS unless you object.", Code.SILENCE),
    (EMAIL, "en", "Untick the box to be left alone.", Code.SILENCE),
    # A yes as the price of something else.
    (
        SMS,
        "sv",
        "Genom att bli medlem godkänner du också att vi skickar sms.",
        Code.BUNDLED,
    ),
    (EMAIL, "sv", "Som medlem samtycker du till utskick.", Code.BUNDLED),
    (EMAIL, "sv", "Ditt ja krävs för att samla poäng.", Code.BUNDLED),
    (SMS, "sv", "Medlemskapet förutsätter att du säger ja.", Code.BUNDLED),
    (SMS, "da", "Ved at blive medlem accepterer du også sms.", Code.BUNDLED),
    (EMAIL, "da", "Som medlem giver du lov til e-mail.", Code.BUNDLED),
    (EMAIL, "da", "Et ja er en betingelse for at optjene point.", Code.BUNDLED),
    (SMS, "en", "By joining the club you also agree to SMS.", Code.BUNDLED),
    (EMAIL, "en", "A yes is required to collect points.", Code.BUNDLED),
    (EMAIL, "en", "Say yes in order to become a member.", Code.BUNDLED),
    # The terms inside a permission.
    (SMS, "sv", "Jag godkänner medlemsvillkoren.", Code.TERMS_IN_CONSENT),
    (EMAIL, "da", "Jeg accepterer vilkårene for klubben.", Code.TERMS_IN_CONSENT),
    (SMS, "en", "I accept the terms of membership.", Code.TERMS_IN_CONSENT),
    (EMAIL, "en", "I have read the privacy policy.", Code.TERMS_IN_CONSENT),
    # Another purpose.
    (SMS, "sv", "Jag får även svara på enkäter.", Code.OTHER_PURPOSE),
    (SMS, "sv", "Uppgifterna delas med samarbetspartner.", Code.OTHER_PURPOSE),
    (EMAIL, "sv", "Utskicken anpassas efter vad jag har köpt.", Code.OTHER_PURPOSE),
    (SMS, "da", "Oplysningerne videregives til andre.", Code.OTHER_PURPOSE),
    (EMAIL, "da", "Vi laver også tilfredshedsundersøgelser.", Code.OTHER_PURPOSE),
    (SMS, "en", "We may share your data with others.", Code.OTHER_PURPOSE),
    (EMAIL, "en", "The messages are tailored to what I buy.", Code.OTHER_PURPOSE),
    (SURVEYS, "sv", "Ibland kommer en rabatt med.", Code.OTHER_PURPOSE),
    (SURVEYS, "da", "Du får også vores nyhedsbrev.", Code.OTHER_PURPOSE),
    (PROFILING, "en", "You may send me offers every week.", Code.OTHER_PURPOSE),
    (PARTNERS, "sv", "Vi gör också undersökningar.", Code.OTHER_PURPOSE),
    # Another channel.
    (SMS, "sv", "Ni får skicka erbjudanden via e-post också.", Code.OTHER_CHANNEL),
    (EMAIL, "da", "I må også sende tilbud på sms.", Code.OTHER_CHANNEL),
    (EMAIL, "en", "You may call me by phone.", Code.OTHER_CHANNEL),
    # Left over from writing.
    (SMS, "sv", "Hälsningar {{ club }}", Code.PLACEHOLDER),
    (PARTNERS, "da", "Vores partner er [navn].", Code.PLACEHOLDER),
    (EMAIL, "en", "Read <b>this</b>.", Code.MARKUP),
    # Marketing inside the terms.
    (
        TERMS,
        "sv",
        "Genom medlemskapet samtycker du till marknadsföring.",
        Code.CONSENT_IN_TERMS,
    ),
    (TERMS, "sv", "Som medlem får du erbjudanden via sms.", Code.CONSENT_IN_TERMS),
    (TERMS, "sv", "Vi skickar nyhetsbrev varje vecka.", Code.CONSENT_IN_TERMS),
    (TERMS, "da", "Du accepterer at modtage reklame.", Code.CONSENT_IN_TERMS),
    (TERMS, "da", "Du giver os lov til profilering.", Code.CONSENT_IN_TERMS),
    (TERMS, "en", "You agree to receive our offers.", Code.CONSENT_IN_TERMS),
    (
        TERMS,
        "en",
        "You allow us to share your data with partners.",
        Code.CONSENT_IN_TERMS,
    ),
]

ACCEPTED = [
    (SMS, "sv", "Medlemskapet är detsamma om jag säger nej."),
    (SMS, "sv", "Rutan är inte förkryssad."),
    (SMS, "sv", "Vi delar inte uppgifterna med andra företag."),
    (SMS, "sv", "Ett ja krävs inte för att samla poäng."),
    (EMAIL, "sv", "Jag kan återkalla genom att kontakta kundtjänst per telefon."),
    (EMAIL, "da", "Oplysningerne videregives aldrig til andre."),
    (EMAIL, "da", "Medlemskabet er det samme, hvis jeg siger nej."),
    (SMS, "en", "We never share your data with others."),
    (EMAIL, "en", "It is not a condition of membership."),
    (PROFILING, "sv", "Om och hur jag får erbjudanden bestämmer jag för sig."),
    (PARTNERS, "en", "They may show me offers of their own."),
    (TERMS, "sv", "Erbjudanden via sms skickar vi bara om du har sagt ja till det."),
    (TERMS, "da", "Tilbud på sms sender vi kun, hvis du har sagt ja til det."),
    (TERMS, "en", "We send offers by SMS only if you have said yes to it."),
    (TERMS, "en", "We have checked every rule with a lawyer."),
    (TERMS, "sv", "Vissa erbjudanden gäller bara i butiken."),
]


def wording(subject, language, sentence=""):
    parts = [CLEAN[subject, language], sentence]
    if subject.is_consent:
        parts.append(WAY_BACK[language])
    return Wording("Titel", "\n\n".join(part for part in parts if part))


def codes(subject, language, words):
    return {fault.code for fault in rules.wording_faults(subject, language, words)}


class TestWordingFaults:
    @pytest.mark.parametrize(("subject", "language", "sentence", "code"), REFUSED)
    def test_refuses_and_quotes(self, subject, language, sentence, code):
        faults = rules.wording_faults(
            subject, language, wording(subject, language, sentence)
        )

        found = [fault for fault in faults if fault.code == code]
        assert [fault.language for fault in found][:1] == [language]
        assert found[0].quote
        assert found[0].quote in sentence

    @pytest.mark.parametrize(("subject", "language", "sentence"), ACCEPTED)
    def test_lets_through(self, subject, language, sentence):
        assert codes(subject, language, wording(subject, language, sentence)) == set()

    @pytest.mark.parametrize(("subject", "language"), CLEAN)
    def test_finds_nothing_wrong_with_a_clean_text(self, subject, language):
        assert codes(subject, language, wording(subject, language)) == set()

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_wants_the_company_named(self, language):
        words = Wording("Titel", f"Vi får sms. {WAY_BACK[language]}")

        assert Code.COMPANY_MISSING in codes(SMS, language, words)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_wants_the_right_to_take_it_back(self, language):
        words = Wording("Titel", CLEAN[SMS, language])

        assert codes(SMS, language, words) == {Code.WITHDRAWAL_MISSING}

    @pytest.mark.parametrize(
        ("language", "sentence"),
        [
            ("sv", "Jag kan ta tillbaka mitt ja när som helst."),
            ("da", "Jeg kan når som helst trække mit ja tilbage."),
            ("en", "I can take back my yes at any time."),
        ],
    )
    def test_wants_the_way_to_take_it_back(self, language, sentence):
        words = Wording("Titel", f"{CLEAN[SMS, language]}\n\n{sentence}")

        assert codes(SMS, language, words) == {Code.WAY_BACK_MISSING}

    def test_wants_the_channel_named(self):
        words = Wording("Titel", f"{COMPANY} får höra av sig. {WAY_BACK['sv']}")

        assert codes(SMS, "sv", words) == {Code.CHANNEL_MISSING}

    def test_wants_a_title_and_a_body(self):
        assert codes(SMS, "sv", Wording(" ", "")) == {
            Code.EMPTY_TITLE,
            Code.EMPTY_BODY,
        }

    def test_quotes_no_more_than_a_passage(self):
        long = "Ditt ja är förkryssat " + "och så vidare " * 40

        (fault,) = rules.wording_faults(SMS, "sv", wording(SMS, "sv", long))

        assert len(fault.quote) <= 162
        assert fault.quote.startswith("Ditt ja är förkryssat")


class TestFaultsOf:
    def test_wants_every_language(self):
        words = {"sv": wording(SMS, "sv"), "en": wording(SMS, "en")}

        found = rules.faults_of(SMS, words, LANGUAGES)

        assert {(fault.code, fault.language) for fault in found} == {
            (Code.EMPTY_TITLE, "da"),
            (Code.EMPTY_BODY, "da"),
        }

    def test_sees_a_language_that_was_never_translated(self):
        words = {each: wording(TERMS, each) for each in LANGUAGES}
        words["da"] = words["sv"]

        (fault,) = rules.faults_of(TERMS, words, LANGUAGES)

        assert (fault.code, fault.language, fault.about) == (
            Code.SAME_WORDS,
            "da",
            "sv",
        )

    @pytest.mark.django_db
    @pytest.mark.parametrize("country", ["SE", "DK"])
    @pytest.mark.parametrize(("name", "kind", "purpose", "channel"), TEXT_SUBJECTS)
    def test_finds_nothing_wrong_with_our_own_wordings(
        self, name, kind, purpose, channel, country
    ):
        club = ProgrammeFactory(country=country)
        words = texts.default_wordings(club, name)

        found = rules.faults_of(
            Subject(club.company_name, kind, purpose, channel), words, LANGUAGES
        )

        # Which partners they are, only the club knows.
        left_open = {Code.PLACEHOLDER} if name == "partners" else set()
        assert {fault.code for fault in found} == left_open


class TestChangeFaults:
    def change(self, **changes):
        values = {
            "is_material": False,
            "news": {},
            "holds_from": None,
            "answer_by": None,
            "before": {each: Wording("Titel", "Förr.") for each in LANGUAGES},
            **changes,
        }
        return Change(**values)

    def found(self, subject, change):
        words = {each: wording(subject, each) for each in LANGUAGES}
        faults = rules.change_faults(subject, change, words, LANGUAGES, today=TODAY)
        return [(fault.code, fault.language, fault.about) for fault in faults]

    def test_asks_nothing_of_the_first_edition(self):
        assert self.found(TERMS, self.change(before={}, is_material=True)) == []

    def test_wants_something_to_have_changed(self):
        before = {each: wording(SMS, each) for each in LANGUAGES}

        assert self.found(SMS, self.change(before=before)) == [(Code.UNCHANGED, "", "")]

    def test_wants_thirty_days_notice_of_changed_terms(self):
        short = self.change(holds_from=TODAY + timedelta(days=29))
        enough = self.change(holds_from=TODAY + timedelta(days=30))

        assert self.found(TERMS, self.change()) == [
            (Code.NOTICE_MISSING, "", "2026-12-23")
        ]
        assert self.found(TERMS, short) == [(Code.NOTICE_SHORT, "", "2026-12-23")]
        assert self.found(TERMS, enough) == []

    def test_wants_news_and_time_for_who_is_asked_again(self):
        news = dict.fromkeys(LANGUAGES, "Nytt")
        silent = self.change(is_material=True, answer_by=TODAY + timedelta(days=14))
        hasty = self.change(
            is_material=True, news=news, answer_by=TODAY + timedelta(days=13)
        )

        assert self.found(SMS, silent) == [
            (Code.NEWS_MISSING, each, "") for each in LANGUAGES
        ]
        assert self.found(SMS, hasty) == [(Code.ANSWER_SHORT, "", "2026-12-07")]
        assert self.found(SMS, self.change(is_material=True, news=news)) == [
            (Code.ANSWER_MISSING, "", "2026-12-07")
        ]
