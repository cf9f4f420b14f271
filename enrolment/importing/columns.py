"""What a column of the file can hold, and how its heading gives that away."""

import re
import unicodedata
from collections.abc import Sequence

from django.db import models
from django.utils.translation import gettext_lazy as _


class Column(models.TextChoices):
    """What a column holds."""

    IGNORE = "", _("Leave out")
    PHONE = "PHONE", _("Mobile number")
    EMAIL = "EMAIL", _("E-mail")
    FIRST_NAME = "FIRST_NAME", _("First name")
    LAST_NAME = "LAST_NAME", _("Last name")
    FULL_NAME = "FULL_NAME", _("Full name")
    BIRTHDAY = "BIRTHDAY", _("Birthday")
    POSTCODE = "POSTCODE", _("Postcode")
    LANGUAGE = "LANGUAGE", _("Language")
    STORE = "STORE", _("Home store (code)")
    CARD = "CARD", _("Card number")
    EXTERNAL = "EXTERNAL", _("Id in the old system")
    SINCE = "SINCE", _("Member since")
    STATUS = "STATUS", _("Status (active or left)")
    SMS = "SMS", _("SMS: yes or no")
    SMS_AT = "SMS_AT", _("SMS: date of the yes")
    SMS_SOURCE = "SMS_SOURCE", _("SMS: where the yes was given")
    MAIL = "MAIL", _("E-mail: yes or no")
    MAIL_AT = "MAIL_AT", _("E-mail: date of the yes")
    MAIL_SOURCE = "MAIL_SOURCE", _("E-mail: where the yes was given")
    POINTS = "POINTS", _("Points balance")
    POINTS_UNTIL = "POINTS_UNTIL", _("Points: last day")


_OF_POINTS = r"(poang|poeng|point|pisteet|saldo|balance|bonus)"
_LAST_DAY = (
    r"(utgar|utgang|utlop|udlob|giltig|gyldig|galler|galder|forfal|upphor|expir|valid"
    r"|until|sista dag|sidste dag|last day|best before|vanhene)"
)
# How many lapsed, and not when.
_LAPSED = r"\b(utgangna|expired|udlobne|forfallna|forfaldne)\b"
# Points, but not what somebody has now to use; or no points at all.
_NO_BALANCE = (
    r"\b(intjan|optjen|tjent|earn|anvan|brug|used|spent|redeem|inlos|indlos|total"
    r"|lifetime|alltime)\w*|\b(kr|kronor|kroner|sek|dkk|nok|eur|belopp|belob|amount"
    r"|presentkort|gavekort|gift|level|tier)\b|niva|niveau"
)
# The words of a heading, without accents and signs; the first that fits decides, so
# the telling ones stand first.
_HEADINGS: tuple[tuple[Column, str], ...] = (
    (
        Column.POINTS_UNTIL,
        rf"^(?!.*{_LAPSED})(.*{_OF_POINTS}.*{_LAST_DAY}|.*{_LAST_DAY}.*{_OF_POINTS})",
    ),
    (
        Column.SMS_SOURCE,
        r"(sms|mobil).*(kalla|kilde|source|lahde|text)",
    ),
    (
        Column.MAIL_SOURCE,
        r"(e ?post|e?mail|sahkoposti).*(kalla|kilde|source|lahde|text)",
    ),
    (
        Column.SMS_AT,
        r"(sms|mobil|tekstiviesti).*(datum|dato|date|paiva|tid|at)\b"
        r"|(datum|dato|date).*sms",
    ),
    (
        Column.MAIL_AT,
        r"(e ?post|e?mail|nyhetsbrev|nyhedsbrev|newsletter|sahkoposti)"
        r".*(datum|dato|date|paiva|tid)\b"
        r"|(datum|dato|date).*(e ?post|e?mail)",
    ),
    (
        Column.SMS,
        r"(samtycke|samtykke|consent|permission|lupa|tillat|ok|opt ?in|accept)\w*.*sms"
        r"|sms.*(samtycke|samtykke|consent|permission|lupa|ok|opt ?in|utskick)"
        r"|^sms$|tekstiviesti(markkinointi|lupa)",
    ),
    (
        Column.MAIL,
        r"(samtycke|samtykke|consent|permission|lupa|tillat|ok|opt ?in|accept)\w*.*"
        r"(e ?post|e?mail)"
        r"|(e ?post|e?mail).*(samtycke|samtykke|consent|permission|ok|opt ?in|utskick)"
        r"|^(nyhetsbrev|nyhedsbrev|newsletter|uutiskirje)$"
        r"|sahkoposti(markkinointi|lupa)",
    ),
    (
        Column.BIRTHDAY,
        r"fodel|fodsel|fodt|fodd|birth|dob|syntyma|personnummer|cpr",
    ),
    (
        Column.SINCE,
        r"(medlem|member|kund|kunde|customer|jasen).*"
        r"(sedan|siden|since|fra|from|alkaen|datum|dato|date)"
        r"|(registr|joined|created|skapad|oprettet|opprettet|liittym|inmeld|indmeld)",
    ),
    (Column.POSTCODE, r"post ?(nr|nummer|kod|code)|zip|postinumero"),
    (
        Column.CARD,
        r"kort ?(nr|nummer|no)|card|korttinumero|kortti|stregkode|streckkod|barcode",
    ),
    (
        Column.PHONE,
        r"mobil|telefon|tlf|tel\b|phone|cell|gsm|puhelin|matkapuhelin|msisdn|^nummer$",
    ),
    (Column.EMAIL, r"e ?post|e ?mail|\bmail|sahkoposti"),
    (
        Column.FIRST_NAME,
        r"for ?namn|fornavn|first ?name|given ?name|etunimi|tilltalsnamn",
    ),
    (
        Column.LAST_NAME,
        r"efter ?namn|efternavn|etternavn|last ?name|sur ?name|family ?name|sukunimi",
    ),
    (Column.LANGUAGE, r"sprak|sprog|language|kieli|^lang$|locale"),
    (Column.STORE, r"butik|butikk|store|shop|myymala|filial|varuhus"),
    (Column.STATUS, r"status|aktiv|active|tila"),
    (
        Column.EXTERNAL,
        r"(kund|kunde|medlem|medlems|member|customer|extern\w*|jasen|asiakas) ?"
        r"(nr|nummer|id|no|number|numero)\b|^id$|^guid$|^uuid$",
    ),
    (Column.POINTS, rf"^(?!.*({_NO_BALANCE}|{_LAPSED})).*{_OF_POINTS}"),
    (Column.FULL_NAME, r"^(namn|navn|name|nimi)$|full.*name|hela namnet|fulde navn"),
)
_COMPILED = tuple((column, re.compile(words)) for column, words in _HEADINGS)
_NORDIC = str.maketrans({"ø": "o", "æ": "a", "å": "a", "ß": "s", "ð": "d", "þ": "t"})
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_PHONE = re.compile(r"(\+|00)?[0-9][0-9 ()\-/.]{6,16}[0-9]\Z")
_PHONE_STARTS = ("+", "00", "07", "04")
# Longer headings are no headings.
_LONGEST = 80


def plain(heading: str) -> str:
    """Return a heading in lower case, without accents, signs or doubled spaces."""
    lower = heading[:_LONGEST].casefold().translate(_NORDIC)
    parted = unicodedata.normalize("NFKD", lower)
    kept = "".join(sign for sign in parted if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", " ", kept).strip()


def named(heading: str) -> Column:
    """Return what a heading says its column holds."""
    words = plain(heading)
    for column, pattern in _COMPILED:
        if words and pattern.search(words):
            return column
    return Column.IGNORE


def guess(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Column]:
    """Say what each column seems to hold, by its heading or else by what is in it.

    Nothing is guessed twice: of two columns alike the first has it.
    """
    guessed: list[Column] = []
    for heading in headings:
        column = named(heading)
        guessed.append(Column.IGNORE if column in guessed else column)
    for place, column in enumerate(guessed):
        if column is Column.IGNORE and named(headings[place]) is Column.IGNORE:
            seen = _by_content([row[place] for row in rows if place < len(row)])
            if seen not in guessed:
                guessed[place] = seen
    return guessed


def _by_content(values: Sequence[str]) -> Column:
    filled = [value.strip() for value in values if value.strip()]
    if not filled:
        return Column.IGNORE
    most = 0.8 * len(filled)
    if sum(bool(_EMAIL.match(value)) for value in filled) >= most:
        return Column.EMAIL
    phones = [v for v in filled if v.startswith(_PHONE_STARTS) and _PHONE.match(v)]
    return Column.PHONE if len(phones) >= most else Column.IGNORE
