"""Values as they stand in a file, made into ours: numbers, addresses, names, answers.

A million rows come this way, so what is usual takes a short way, which a test holds
against the long one (`members.phones`, `members.services.clean_email`).
"""

import re
from collections.abc import Callable
from functools import lru_cache

from phonenumbers import PhoneMetadata

from members import phones
from members.services import EmailInvalid, clean_email

_SEPARATORS = str.maketrans("", "", " \t-.,()/")
# Nordic neighbours, whose numbers come with their calling code.
_NEAR = {"SE": "46", "DK": "45", "NO": "47", "FI": "358"}
# Where a number at home begins with a zero that is not part of it.
_WITH_ZERO = {"SE", "FI"}
# What other kinds of numbers a mobile number could be taken for.
_BEFORE_MOBILE = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
_LONGEST_EMAIL = 254
# Digits in one row, or in threes; behind them decimals that say nothing.
_WHOLE = re.compile(
    r"(\d+|\d{1,3}(?:[ '\u2019]\d{3})+|\d{1,3}(?:\.\d{3}){2,}|\d{1,3}(?:,\d{3}){2,})"
    r"(?:[.,]0+)?\Z"
    r"|(\d{1,3}(?:\.\d{3})+),0+\Z|(\d{1,3}(?:,\d{3})+)\.0+\Z"
)
# A thousand and some, or one and some decimals?
_UNCLEAR = re.compile(r"(?!0+[.,]0+\Z)\d{1,3}[.,]\d{3}\Z")
_NUMBER = re.compile(r"\d[\d .,'\u2019]*\Z")
_UNIT = re.compile(r"\s*(p|pt|pts|po\u00e4ng|points?)\.?\Z", re.IGNORECASE)
_BETWEEN = str.maketrans("", "", " .,'\u2019")
# More than that is a column of something else.
MOST_POINTS = 1_000_000
_LOCAL = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*\Z")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}\Z")

# A card's number or another system's id that is stored as it stands: nothing in it is
# trimmed, folded or refused (`members.identity.clean_value`).
is_plain_id = re.compile(r"[0-9A-Z]{1,32}\Z").match

_YES = frozenset(
    "1 y yes ja j true sant sand sann x on kyllä k ok given aktiv active accepted "
    "accepterat godkänd godkendt samtykket granted subscribed opt-in optin in".split()
)
_NO = frozenset(
    "0 n no nej nei false falskt falsk off ei - ingen refused withdrawn inactive "
    "inaktiv unsubscribed opt-out optout out avregistrerad afmeldt avmeldt".split()
)
_HERE = frozenset(
    "1 a active aktiv aktiva yes ja true medlem member aktivt aktiivinen jäsen "
    "registered registrerad open ok enabled".split()
)
_GONE = frozenset(
    "0 left inactive inaktiv inaktivt avslutad avslutat utträdd utgången lämnat "
    "afmeldt udmeldt avmeldt utmeldt sluttet opsagt closed ended deleted raderad "
    "slettet no nej nei false passiv passive eronnut blocked spärrad".split()
)
_LANGUAGES = {
    **dict.fromkeys(
        "sv swe se svenska swedish svensk ruotsi sv-se sv_se".split(), "sv"
    ),
    **dict.fromkeys("da dan dk dansk danska danish tanska da-dk da_dk".split(), "da"),
    **dict.fromkeys(
        "en eng gb uk english engelska engelsk englanti en-gb".split(), "en"
    ),
    **dict.fromkeys("nb no nor norsk norska norwegian nn nb-no".split(), "nb"),
    **dict.fromkeys("fi fin suomi finska finsk finnish fi-fi".split(), "fi"),
}


def phone_reader(country: str) -> Callable[[str], str]:
    """Return `members.phones.normalize` for a country, made quick for usual numbers.

    What it returns raises PhoneInvalid for what is no mobile number.
    """
    usual = _usual_numbers(country)
    home = f"+{_NEAR[country]}" if country in _NEAR else ""

    def read(raw: str) -> str:
        if raw.isascii() and len(raw) <= phones.LONGEST_TYPED:
            typed = raw.translate(_SEPARATORS)
            found = usual.match(typed)
            if found:
                if found[1]:
                    return home + found[1]
                return f"+{found[2]}{found[3] or found[4] or found[5] or found[6]}"
        # Our own files write `'+46 …`, so that no spreadsheet takes it for a formula.
        return phones.normalize(raw.removeprefix("'"), country=country)

    return read


@lru_cache(100_000)
def _is_usual_domain(domain: str) -> bool:
    return _DOMAIN.match(domain) is not None


def read_email(raw: str) -> str:
    """Return an address as it is stored.

    Raises:
        EmailInvalid: it is none.
    """
    email = raw.strip().lower()
    local, _at, domain = email.partition("@")
    if (
        len(email) <= _LONGEST_EMAIL
        and _LOCAL.match(local)
        and _is_usual_domain(domain)
    ):
        return email
    email = clean_email(raw)
    if len(email) > _LONGEST_EMAIL:
        raise EmailInvalid([], code="email_invalid")
    return email


def read_name(raw: str) -> str:
    """Return a name with single spaces and without signs that cannot be seen."""
    if raw.isprintable():
        # Nothing to do for most.
        return " ".join(raw.split()) if "  " in raw else raw.strip()
    shown = "".join(
        # Joins the parts of emoji and of letters in some scripts.
        sign if sign.isprintable() or sign in "\u200c\u200d" else " "
        for sign in raw
    )
    return " ".join(shown.split())


def split_name(raw: str) -> tuple[str, str]:
    """Part a full name: `Åkesson, Eva-Lena` and `Eva-Lena Åkesson` are one."""
    last, comma, first = raw.partition(",")
    if comma:
        return read_name(first), read_name(last)
    first, _space, last = read_name(raw).rpartition(" ")
    return (first, last) if first else (last, "")


@lru_cache(1000)
def read_answer(raw: str) -> bool | None:
    """Return yes or no, or None for what is neither."""
    word = raw.strip().casefold()
    if word in _YES:
        return True
    return False if word in _NO or not word else None


@lru_cache(1000)
def is_member(raw: str) -> bool | None:
    """Tell whether a status says that somebody is a member; None if it is unknown."""
    word = raw.strip().casefold()
    if word in _HERE or not word:
        return True
    return False if word in _GONE else None


@lru_cache(20_000)
def read_points(raw: str) -> tuple[int, str]:
    """Return how many points a balance says, or what is wrong with it.

    An empty cell is none. Decimals must be zeros. `1.250` is refused, for it is not
    said whether it is a thousand and some or one and some.
    """
    text = raw.strip()
    if not text:
        return 0, ""
    # Spaces of any width part thousands.
    plain = _UNIT.sub("", " ".join(text.split()))
    is_negative = plain[0] in "-\u2212" if plain else False
    plain = plain.lstrip("+-\u2212").lstrip()
    if _UNCLEAR.match(plain):
        return 0, "points_unclear"
    found = _WHOLE.match(plain) if plain.isascii() or "\u2019" in plain else None
    if found is None:
        code = "points_not_whole" if _NUMBER.match(plain) else "points_unreadable"
        return 0, code
    digits = next(filter(None, found.groups())).translate(_BETWEEN)
    # Not made a number while it is longer than any balance.
    if len(digits.lstrip("0")) > len(str(MOST_POINTS)) or int(digits) > MOST_POINTS:
        return 0, "points_too_many"
    points = int(digits)
    return (0, "points_negative") if is_negative and points else (points, "")


@lru_cache(1000)
def read_language(raw: str) -> str:
    """Return the two letters of a language, or nothing."""
    return _LANGUAGES.get(raw.strip().casefold(), "")


@lru_cache(8)
def _usual_numbers(country: str) -> re.Pattern[str]:
    """Return a pattern for the mobile numbers that need no second look.

    Group 1 is a number at home, group 2 a calling code, and one of those behind it
    the number there. Made of the same tables that `phonenumbers` reads.
    """
    # A country of which we know nothing has no short way for numbers at home.
    at_home = _mobile(country) if country in _NEAR else "(?!)"
    zero = "0" if country in _WITH_ZERO else ""
    codes = "|".join(_NEAR.values())
    near = "|".join(f"(?<={code})({_mobile(name)})" for name, code in _NEAR.items())
    return re.compile(rf"(?:{zero}({at_home})|(?:\+|00)({codes})(?:{near}))\Z")


def _mobile(country: str) -> str:
    """Return the pattern of a country's mobile numbers, for matching whole ones."""
    known = PhoneMetadata.metadata_for_region(country)
    if known is None or known.mobile is None or known.general_desc is None:
        return "(?!)"
    others = "|".join(
        f"(?:{part.national_number_pattern})"
        for name in _BEFORE_MOBILE
        if (part := getattr(known, name, None)) is not None
        and part.national_number_pattern
    )
    refused = rf"(?!(?:{others})\Z)" if others else ""
    within = rf"(?=(?:{known.general_desc.national_number_pattern})\Z)"
    return rf"{refused}{within}(?:{known.mobile.national_number_pattern})"
