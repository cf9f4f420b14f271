"""What real texts are taken for."""

import pytest
from django.core.validators import validate_email
from hypothesis import given
from hypothesis import strategies as st

from conversation.words import Answer, Word, email_in, fold, hear, name_in

JOIN, STOP, START = Word.JOIN, Word.STOP, Word.START
HELP, BALANCE = Word.HELP, Word.BALANCE

KEYWORDS = [
    # text, word, what stood behind it, language
    ("JOIN 12", JOIN, "12", "en"),
    ("join 12", JOIN, "12", "en"),
    ("Join12", JOIN, "12", "en"),
    ("  JOIN   12  ", JOIN, "12", "en"),
    ("JOIN-12", JOIN, "12", "en"),
    ("“JOIN 12”", JOIN, "12", "en"),
    ("'join' 12", JOIN, "12", "en"),
    ("Join 12.", JOIN, "12", "en"),
    ("JOIN 12 😀🎉", JOIN, "12", "en"),
    ("Ｊｏｉｎ　１２", JOIN, "12", "en"),
    ("JO\u00adIN 12", JOIN, "12", "en"),
    ("JOIN\n12", JOIN, "12", "en"),
    ("JOIN", JOIN, "", "en"),
    ("Hi, I want to join store 12 please", JOIN, "12", "en"),
    ("sign up 12", JOIN, "12", "en"),
    ("GÅ MED 12", JOIN, "12", "sv"),
    ("Gå med 12", JOIN, "12", "sv"),
    ("gå med", JOIN, "", "sv"),
    ("Ga med 12", JOIN, "12", "sv"),
    ("GÅMED 12", JOIN, "12", "sv"),
    ("gåmed12", JOIN, "12", "sv"),
    ("ga\u030a med 12", JOIN, "12", "sv"),
    ("Hej! Jag vill gå med i butik 12 tack", JOIN, "12", "sv"),
    ("Kan jag gå med? Uppsala", JOIN, "uppsala", "sv"),
    ("Bli medlem 12", JOIN, "12", "sv"),
    ("Jag vill bli medlem", JOIN, "", "sv"),
    ("anmäl mig 7", JOIN, "7", "sv"),
    ("Medlem", JOIN, "", ""),
    ("TILMELD 7", JOIN, "7", "da"),
    ("Tilmeld mig 7", JOIN, "7", "da"),
    ("tilmeld7", JOIN, "7", "da"),
    ("Meld mig ind", JOIN, "", "da"),
    ("Bliv medlem i butik 3", JOIN, "3", "da"),
    ("BLI MED 4", JOIN, "4", "da"),
    ("Meld meg inn 4", JOIN, "4", "da"),
    ("Liity 4", JOIN, "4", "en"),
    ("STOP", STOP, "", ""),
    ("Stop.", STOP, "", ""),
    ("stop!!!", STOP, "", ""),
    ("STOP 🛑", STOP, "", ""),
    ("S T O P", STOP, "", ""),
    ("S.T.O.P", STOP, "", ""),
    ("ST\u200bOP", STOP, "", ""),
    ("“STOP”", STOP, "", ""),
    ("STOP alla sms nu genast annars anmäler jag er", STOP, "", ""),
    ("please stop", STOP, "", ""),
    ("STOPP", STOP, "", "sv"),
    ("stopp tack", STOP, "", "sv"),
    ("Sluta", STOP, "", "sv"),
    ("Sluta skicka sms till mig", STOP, "", "sv"),
    ("Kan ni sluta nu?", STOP, "", "sv"),
    ("slut", STOP, "", "sv"),
    ("Avsluta", STOP, "", "sv"),
    ("Avregistrera mig", STOP, "", "sv"),
    ("avanmäl", STOP, "", "sv"),
    ("avbryt", STOP, "", "sv"),
    ("AFMELD", STOP, "", "da"),
    ("Afmeld mig venligst", STOP, "", "da"),
    ("frameld", STOP, "", "da"),
    ("Avmeld", STOP, "", "da"),
    ("unsubscribe", STOP, "", "en"),
    ("Cancel", STOP, "", "en"),
    ("END", STOP, "", "en"),
    ("lopeta", STOP, "", "en"),
    ("START", START, "", ""),
    ("Start!", START, "", ""),
    ("starta igen", START, "", "sv"),
    ("HELP", HELP, "", "en"),
    ("help me", HELP, "", "en"),
    ("HJÄLP", HELP, "", "sv"),
    ("hjalp", HELP, "", "sv"),
    ("Hjälp!", HELP, "", "sv"),
    ("HJÆLP", HELP, "", "da"),
    ("Hjelp", HELP, "", "da"),
    ("INFO", HELP, "", ""),
    ("?", HELP, "", ""),
    ("??", HELP, "", ""),
    ("SALDO", BALANCE, "", ""),
    ("Saldo?", BALANCE, "", ""),
    ("saldo tack", BALANCE, "", ""),
    ("Balance", BALANCE, "", "en"),
    ("POINT", BALANCE, "", "da"),
    ("My points", BALANCE, "", "en"),
    ("Hur många poäng har jag?", BALANCE, "", "sv"),
    ("poäng", BALANCE, "", "sv"),
    ("Hvor mange point har jeg", BALANCE, "", "da"),
]
NO_KEYWORDS = [
    "Anna Berg",
    "Join us for dinner at the old place tonight",
    "info@example.se",
    "stop@example.se",
    "Vi svarar inom två dagar. Om du vill att vi slutar, skriv det.",
    "Startar bilen nu, kommer snart",
    "12",
    "",
    "   ",
    "😀",
    "!!!",
    "\u200b",
    "non-stopp-flyg till Oslo i morgon bitti kl sju".replace("-", ""),
]
YES = [
    "ja", "JA", "Ja.", "ja!", "JAAA", "Jaa", "J", "j", "jo", "Japp", "jepp", "jajamän",
    "Ja tack", "ja tack!!", "Ja, tack", "Ja tak", "ja gärna", "Ja det vill jag",
    "\"JA\"", "“Ja”", "ja 😀", "J A", "yes", "YES", "Yes please", "Yes, I do", "y",
    "Yep", "yeah", "OK", "ok!", "Okej", "okay", "absolut", "Visst", "kyllä", "joo",
    "Ｊａ", "ja\u200b",
]  # fmt: skip
NO = [
    "nej", "NEJ", "Nej.", "nej!", "Neej", "n", "N", "nä", "nää", "Nej tack", "nej tak",
    "nej det vill jag inte", "no", "NO", "No thanks", "nope", "never", "nei", "ei",
    "inte nu", "Nej 😡", "No problem", "I don't",
]  # fmt: skip
UNCLEAR = [
    "ja eller nej", "ja nej", "ok nej", "kanske", "maybe", "vet inte... ja?? kanske",
    "👍", "✅", "1", "ja men bara e-post", "Ja, om det är gratis", "yes but not now",
    "vad?", "okejdå vad kostar det", "Anna", "JA/NEJ", "jasså",
]  # fmt: skip
NAMES = [
    ("Anna Berg", ("Anna", "Berg")),
    ("anna berg", ("Anna", "Berg")),
    ("ANNA BERG", ("Anna", "Berg")),
    ("  Anna   Berg  ", ("Anna", "Berg")),
    ("Anna", ("Anna", "")),
    ("Jag heter Anna Berg", ("Anna", "Berg")),
    ("Hej, jag heter anna berg!", ("Anna", "Berg")),
    ("Mitt namn är Åsa Öberg.", ("Åsa", "Öberg")),
    ("Jeg hedder Søren Kierkegaard", ("Søren", "Kierkegaard")),
    ("Mit navn er Æble Ø", ("Æble", "Ø")),
    ("My name is Pat O’Neil", ("Pat", "O’Neil")),
    ("I'm Pat", ("Pat", "")),
    ("Namn: Eva Ek", ("Eva", "Ek")),
    ("Anna-Karin von Essen", ("Anna-Karin", "von Essen")),
    ("anna-karin ek", ("Anna-Karin", "Ek")),
    ("Łukasz Żal 😀", ("Łukasz", "Żal")),
    ("“Eva Ek”", ("Eva", "Ek")),
    ("J. R. Ek", ("J", "R Ek")),
    ("Jo Nesbø", ("Jo", "Nesbø")),
    ("Иван Петров", ("Иван", "Петров")),
    ("A\u030asa Ek", ("Åsa", "Ek")),
]
NO_NAMES = [
    "123", "Anna 2", "a@b.se", "https://x.se", "😀", "", "Anna; DROP TABLE members",
    "vi ses i morgon klockan tre vid stationen", "x" * 61, "<b>Anna</b>", "...", "-",
]  # fmt: skip
ADDRESSES = [
    ("anna@example.se", "anna@example.se"),
    ("Anna.Berg@Example.SE", "anna.berg@example.se"),
    ("min adress är anna@example.se.", "anna@example.se"),
    ("<anna+klubb@ex-ample.co.uk>", "anna+klubb@ex-ample.co.uk"),
    ("ja: anna_b@example.se 😀", "anna_b@example.se"),
    ("ａｎｎａ＠example.se", "anna@example.se"),
    ("a@b.se eller c@d.se", ""),
    ("anna@example", ""),
    ("anna@@example.se", ""),
    ("anna at example.se", ""),
    ("@anna", ""),
    ("anna@exa mple.se", ""),
    ("nej", ""),
]


def test_the_table_is_long_enough():
    assert len(KEYWORDS) + len(NO_KEYWORDS) + len(YES) + len(NO) + len(UNCLEAR) > 150


@pytest.mark.parametrize(("text", "word", "argument", "language"), KEYWORDS)
def test_keywords_are_understood(text, word, argument, language):
    heard = hear(text)

    assert (heard.word, heard.argument, heard.language) == (word, argument, language)


@pytest.mark.parametrize("text", NO_KEYWORDS)
def test_other_texts_are_no_keywords(text):
    assert hear(text).word is None


@pytest.mark.parametrize("text", YES)
def test_a_clear_yes_is_one(text):
    assert (hear(text).word, hear(text).answer) == (None, Answer.YES)


@pytest.mark.parametrize("text", NO)
def test_a_no_is_one(text):
    assert (hear(text).word, hear(text).answer) == (None, Answer.NO)


@pytest.mark.parametrize("text", UNCLEAR)
def test_a_doubt_is_neither(text):
    assert hear(text).answer is Answer.UNCLEAR


@pytest.mark.parametrize(("text", "name"), NAMES)
def test_names_are_read(text, name):
    assert name_in(text) == name


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_name_is_not(text):
    assert name_in(text) is None


@pytest.mark.parametrize(("text", "address"), ADDRESSES)
def test_addresses_are_found(text, address):
    assert email_in(text) == address


class TestAnything:
    @given(st.text(max_size=200))
    def test_is_heard_without_an_error(self, text):
        heard = hear(text)

        assert heard.word is None or heard.answer is Answer.UNCLEAR

    @given(st.text(max_size=80))
    def test_is_folded_once_and_for_all(self, text):
        assert fold(fold(text)) == fold(text)

    @given(st.text(max_size=80), st.sampled_from(["!", " ", "😀", "”", "\u200b", "."]))
    def test_means_the_same_with_signs_around_it(self, text, sign):
        framed = hear(f"{sign}{text}{sign}")

        assert framed.answer is hear(text).answer

    @given(st.text(alphabet="ab.-_+@ @.example.se", max_size=60))
    def test_that_gives_an_address_gives_one_that_is_taken(self, text):
        found = email_in(text)

        if found:
            validate_email(found)

    @given(st.text(max_size=120))
    def test_that_gives_a_name_gives_one_that_fits(self, text):
        name = name_in(text)

        if name is not None:
            assert 0 < len(name[0]) <= 60
            assert len(name[1]) <= 60
            assert not any(sign.isdigit() or sign in "@<>{}" for sign in "".join(name))

    @given(st.lists(st.sampled_from(["ja", "nej", "inte", "ok", "men", "tack", "om"])))
    def test_with_a_no_in_it_is_never_a_yes(self, words):
        if {"nej", "inte", "men", "om"} & set(words):
            assert hear(" ".join(words)).answer is not Answer.YES
