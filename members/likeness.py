"""When two memberships look like one person, how likely it is, and why, in words.

Pure: who is compared with whom is `members.duplicates`' to find.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import reduce

import phonenumbers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Less likely than this is not worth anybody's time.
LEAST = 50
# Nobody is sure by likeness alone.
_MOST = 99
# Shorter than this and many people have it: `anna@`, `info@`.
_TELLING_MAIL_NAME = 5
# Father and son may share a name, an address and a mailbox, but no birthday; a number
# that was given to somebody else has an owner with another name.
_WITH_OTHER_BIRTHDAY = 0.4
_WITH_OTHER_NAME = 0.6


class Likeness(StrEnum):
    """One way in which two members are alike."""

    NAME_BIRTHDAY_POSTCODE = "NAME_BIRTHDAY_POSTCODE"
    MAILBOX = "MAILBOX"
    NAME_BIRTHDAY = "NAME_BIRTHDAY"
    FORMER_CONTACT = "FORMER_CONTACT"
    NUMBER_ABROAD = "NUMBER_ABROAD"
    NAME_POSTCODE = "NAME_POSTCODE"
    NAME = "NAME"
    MAIL_NAME = "MAIL_NAME"


# How likely it is one person when nothing else is alike, in percent.
WEIGHTS = {
    Likeness.NAME_BIRTHDAY_POSTCODE: 95,
    Likeness.MAILBOX: 90,
    Likeness.NAME_BIRTHDAY: 70,
    Likeness.FORMER_CONTACT: 60,
    Likeness.NUMBER_ABROAD: 50,
    Likeness.NAME_POSTCODE: 40,
    Likeness.NAME: 25,
    Likeness.MAIL_NAME: 20,
}
_WORDS: dict[Likeness, str | Promise] = {
    Likeness.NAME_BIRTHDAY_POSTCODE: _("Same name, birthday and postcode"),
    Likeness.MAILBOX: _("The same mailbox, written differently"),
    Likeness.NAME_BIRTHDAY: _("Same name and birthday"),
    Likeness.FORMER_CONTACT: _("One of them had the number or address of the other"),
    Likeness.NUMBER_ABROAD: _("Same mobile number with another country's code"),
    Likeness.NAME_POSTCODE: _("Same name and postcode"),
    Likeness.NAME: _("Same name"),
    Likeness.MAIL_NAME: _("Their e-mail addresses begin alike"),
}
# What a likeness is made of, so that a part of what was known is no news.
_PARTS = {
    Likeness.NAME_BIRTHDAY_POSTCODE: {"name", "birthday", "postcode"},
    Likeness.NAME_BIRTHDAY: {"name", "birthday"},
    Likeness.NAME_POSTCODE: {"name", "postcode"},
    Likeness.NAME: {"name"},
}

_NO_DECOMPOSITION = str.maketrans(
    {
        **dict(zip("ØøÐðĐđŁł", "ooddddll", strict=True)),
        "Æ": "ae",
        "æ": "ae",
        "ß": "ss",
        "ẞ": "ss",
        "Þ": "th",
        "þ": "th",
    }
)
_LEFT_OUT = re.compile(
    "[\u0300-\u036f\u2010-\u2015\u2018-\u201f\\s!-/:-@\\[-`{-~]", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is compared of a member."""

    first_name: str = ""
    last_name: str = ""
    birthday_on: date | None = None
    postcode: str = ""
    phone: str = ""
    # All that are in use, the current one among them.
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    # Numbers and addresses that were the member's once.
    former: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """In which ways two members are alike, the strongest first, and how likely."""

    likenesses: tuple[Likeness, ...]
    score: int

    @property
    def is_worth_a_look(self) -> bool:
        """Tell whether somebody should decide about the two."""
        return self.score >= LEAST


def compare(one: Profile, other: Profile) -> Verdict:
    """Say in which ways two members are alike, and how likely they are one person."""
    found = _likenesses(one, other)
    score: float = score_of(found)
    if one.birthday_on and other.birthday_on and one.birthday_on != other.birthday_on:
        score *= _WITH_OTHER_BIRTHDAY
    if _has_other_name(one, other):
        score *= _WITH_OTHER_NAME
    return Verdict(tuple(found), int(score))


def score_of(likenesses: Collection[Likeness]) -> int:
    """Return how likely it is one person: each likeness takes a share of the doubt."""
    doubt = reduce(
        lambda left, likeness: left * (100 - WEIGHTS[likeness]) / 100,
        likenesses,
        100.0,
    )
    return min(_MOST, round(100 - doubt)) if likenesses else 0


def words(code: str) -> str:
    """Say a likeness in words, for people who decide by it."""
    try:
        return str(_WORDS[Likeness(code)])
    except ValueError:
        # A pair found by a version that knew more ways.
        return code


def choices() -> list[tuple[str, str | Promise]]:
    """Return every likeness with its words, the strongest first."""
    return [(str(likeness), _WORDS[likeness]) for likeness in WEIGHTS]


def has_news(known: Collection[str], found: Collection[str]) -> bool:
    """Tell whether something new speaks for it since somebody last decided."""
    return not _parts(found) <= _parts(known)


# NORMAL FORMS


def name_key(first_name: str, last_name: str) -> str:
    """Return a name as it is compared, first and last in either order, or nothing."""
    parts = sorted((fold(first_name), fold(last_name)))
    return " ".join(parts) if all(parts) else ""


def fold(text: str) -> str:
    """Return a name without case, accents, hyphens and spaces."""
    plain = unicodedata.normalize("NFKD", text).lower()
    return _LEFT_OUT.sub("", plain.translate(_NO_DECOMPOSITION))


def mailbox(email: str) -> str:
    """Return the mailbox behind an address: without what its owner may add at will.

    Everywhere what follows a plus, at Google the dots and its other name too.
    """
    local, _at, domain = email.strip().lower().rpartition("@")
    bare = local.partition("+")[0] or local
    if domain in {"gmail.com", "googlemail.com"}:
        return f"{bare.replace('.', '')}@gmail.com"
    return f"{bare}@{domain}"


def mail_name(email: str) -> str:
    """Return what stands before the @, without what people leave out or add."""
    local = email.strip().lower().partition("@")[0].partition("+")[0]
    return re.sub("[._-]", "", local)


def is_number_abroad(one: str, other: str) -> bool:
    """Tell whether two numbers differ in nothing but the country's code."""
    if not one or not other or one == other or one[-8:] != other[-8:]:
        return False
    # They are stored as E.164, which always parses.
    first, second = (phonenumbers.parse(each, None) for each in (one, other))
    return first.national_number == second.national_number


def _likenesses(one: Profile, other: Profile) -> list[Likeness]:
    found = {
        Likeness.MAILBOX: bool(
            {mailbox(email) for email in one.emails}
            & {mailbox(email) for email in other.emails}
        ),
        Likeness.FORMER_CONTACT: bool(
            one.former & (other.phones | other.emails)
            or other.former & (one.phones | one.emails)
        ),
        Likeness.NUMBER_ABROAD: is_number_abroad(one.phone, other.phone),
    }
    found[Likeness.MAIL_NAME] = not found[Likeness.MAILBOX] and bool(
        _telling(one.emails) & _telling(other.emails)
    )
    by_name = _by_name(one, other)
    if by_name:
        found[by_name] = True
    return [likeness for likeness in WEIGHTS if found.get(likeness)]


def _by_name(one: Profile, other: Profile) -> Likeness | None:
    key = name_key(one.first_name, one.last_name)
    if not key or key != name_key(other.first_name, other.last_name):
        return None
    has_birthday = one.birthday_on is not None and one.birthday_on == other.birthday_on
    has_postcode = bool(fold(one.postcode)) and (
        fold(one.postcode) == fold(other.postcode)
    )
    if has_birthday:
        if has_postcode:
            return Likeness.NAME_BIRTHDAY_POSTCODE
        return Likeness.NAME_BIRTHDAY
    return Likeness.NAME_POSTCODE if has_postcode else Likeness.NAME


def _has_other_name(one: Profile, other: Profile) -> bool:
    """Tell whether neither first nor last name is the same."""
    names = [
        {fold(each.first_name), fold(each.last_name)} - {""} for each in (one, other)
    ]
    return all(names) and not names[0] & names[1]


def _telling(emails: Collection[str]) -> set[str]:
    names = {mail_name(email) for email in emails}
    return {name for name in names if len(name) >= _TELLING_MAIL_NAME}


def _parts(codes: Collection[str]) -> set[str]:
    parts: set[str] = set()
    for code in codes:
        parts |= _PARTS.get(Likeness(code), {code}) if code in _WORDS else {code}
    return parts
