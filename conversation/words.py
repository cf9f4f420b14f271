"""What a text says: a keyword, a yes or a no, a name, an address. No Django.

Phones write `Gå med 12 😀`, `“JOIN 12”`, `stopp!!` and `J A`; what is compared here has
neither case, accents, punctuation nor emoji.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

LONGEST_TEXT = 1600
_LONGEST_NAME = 60
_MOST_NAMES = 6
# Letters that NFD does not take apart.
_LETTERS = str.maketrans({"ø": "o", "æ": "a", "ł": "l", "đ": "d", "ð": "d"})


class Word(StrEnum):
    """What can be asked for at any time."""

    JOIN = "join"
    STOP = "stop"
    START = "start"
    HELP = "help"
    BALANCE = "balance"


class Answer(StrEnum):
    """A clear yes, a clear no, or neither."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Heard:
    """A text as it was understood; `language` is empty when it tells none."""

    text: str
    word: Word | None = None
    # What stood after JOIN: the code or name of a store, folded.
    argument: str = ""
    answer: Answer = Answer.UNCLEAR
    language: str = ""


# Norwegians read Danish, and Finns whom we do not write to in Finnish English.
_JOIN = {
    "ga med": "sv",
    "gamed": "sv",
    "bli medlem": "sv",
    "anmal": "sv",
    "medlem": "",
    "tilmeld": "da",
    "meld mig ind": "da",
    "bliv medlem": "da",
    "bli med": "da",
    "meld meg inn": "da",
    "join": "en",
    "sign up": "en",
    "signup": "en",
    "liity": "en",
}
# A message that begins with one of these, or a short one that has it, is a STOP.
_STOP = {
    "stop": "",
    "stopp": "sv",
    "stoppa": "sv",
    "stopall": "en",
    "sluta": "sv",
    "avsluta": "sv",
    "avregistrera": "sv",
    "avanmal": "sv",
    "avmeld": "da",
    "afmeld": "da",
    "frameld": "da",
    "afslut": "da",
    "unsubscribe": "en",
    "lopeta": "en",
}
# These mean other things in a sentence, and STOP when they are all there is.
_STOP_ALONE = {"slut": "sv", "avbryt": "sv", "end": "en", "quit": "en", "cancel": "en"}
_START = {"start": "", "starta": "sv", "unstop": "en", "aloita": "en"}
_HELP = {"help": "en", "hjalp": "sv", "hjelp": "da", "info": "", "apua": "en"}
_BALANCE = {
    "saldo": "",
    "balance": "en",
    "poang": "sv",
    "poangsaldo": "sv",
    "point": "da",
    "pointsaldo": "da",
    "poeng": "da",
    "points": "en",
    "pisteet": "en",
}
_YES = frozenset(
    "ja j jo japp jepp jep jadå jada jajamän jatack jatak yes y yep yeah ok okej okay"
    " okey oki absolut klart visst självklart gärna gerne sure kyllä joo".translate(
        str.maketrans("åäö", "aao")
    ).split()
)
_NO = frozenset(
    "nej n nä nää näe neej nix nope no not never nej nejtack nejtak nei ei inte ikke"
    " aldrig aldri inga ingen don dont".translate(str.maketrans("åäö", "aao")).split()
)
# What may stand beside a yes without making it another one.
_POLITE = frozenset(
    "tack tak takk please thanks thank you det vill vil jag jeg i do mycket meget"
    " mange kiitos".split()
)
_GREETING = frozenset(
    "hej hei hi hello hey halla moi tjena jag jeg i vill vil want would like to kan"
    " can please snalla garna gerne".split()
)
_BESIDE_CODE = frozenset(
    "tack tak takk please thanks nu now i pa butik butiken butikskod store code kod"
    " kode nr nummer".split()
)
_GLUED = re.compile(r"(join|gamed|tilmeld)([0-9]\w*)\Z")
_YES_DRAWN = re.compile(r"(ja+|jaa+h*|yes+)\Z")
_NO_DRAWN = re.compile(r"(ne+j+|no+)\Z")
_INTRODUCTION = re.compile(
    r"(?:(?:hej|hejsan|hi|hello|hei|halloj|tjena)\b[\s,!.]*)?"
    r"(?:(?:jag heter|mitt namn är|namnet är|jag är|det är|jeg hedder|jeg heter"
    r"|mit navn er|mitt navn er|jeg er|my name is|i am|i['’]m|this is|namn|navn|name)"
    r"(?=[\s:])[\s:]*)?",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[-'’.](?=[^\W\d_]))*\.?\Z")
# Narrower than the rule for addresses, so that none is taken that is refused later.
_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][A-Za-z0-9_+-]*(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}(?![\w@-])"
)


def hear(text: str) -> Heard:
    """Understand a text."""
    text = text[:LONGEST_TEXT]
    # `info@stop.se` asks for neither help nor an end.
    parts = fold(_EMAIL.sub(" ", text)).split()
    if len(parts) > 1 and all(len(part) == 1 and part.isalpha() for part in parts):
        # S.T.O.P
        parts = ["".join(parts)]
    if not parts:
        is_question = bool(text.strip()) and set(text.strip()) <= set("?¿！？!")
        return Heard(text, Word.HELP if is_question and "?" in text else None)
    return _keyword(text, parts) or Heard(text, answer=_answer(parts))


def fold(text: str) -> str:
    """Return a text's letters and digits, without case and accents."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    signs = []
    for sign in unicodedata.normalize("NFD", plain):
        category = unicodedata.category(sign)
        # Accents and invisible signs go; anything else between words becomes a space.
        if category in {"Mn", "Me", "Cf"}:
            continue
        signs.append(sign if sign.isalnum() else " ")
    return " ".join("".join(signs).split())


def name_in(text: str) -> tuple[str, str] | None:
    """Return first and last name, or None where a text is not a name."""
    shown = "".join(
        " " if unicodedata.category(sign)[0] in "CZ" else sign
        for sign in unicodedata.normalize("NFC", text)
        if unicodedata.category(sign) not in {"Cf", "So", "Sk", "Me", "Cs", "Co"}
        and sign != "\ufe0f"
    )
    shown = _INTRODUCTION.sub("", shown.strip(), count=1)
    names = [word.strip(',!?"“”„()*_~ ') for word in shown.split()]
    names = [word.removesuffix(".") or word for word in names if word]
    if not 0 < len(names) <= _MOST_NAMES:
        return None
    if not all(_NAME.match(name) and _is_letters(name) for name in names):
        return None
    joined = " ".join(names)
    if joined in {joined.lower(), joined.upper()}:
        names = [_capitalized(name) for name in names]
    first, last = names[0], " ".join(names[1:])
    if len(first) > _LONGEST_NAME or len(last) > _LONGEST_NAME:
        return None
    return first, last


def email_in(text: str) -> str:
    """Return the only e-mail address in a text in lower case, or nothing."""
    found = {
        match.group().lower()
        for match in _EMAIL.finditer(unicodedata.normalize("NFKC", text))
    }
    if len(found) != 1:
        return ""
    address = found.pop()
    local = address.partition("@")[0]
    return address if len(address) <= 254 and len(local) <= 64 else ""


def _is_letters(name: str) -> bool:
    # `²` is a word's sign to regular expressions.
    return all(
        sign.isalpha() or unicodedata.category(sign)[0] == "M" or sign in "-'’."
        for sign in name
    )


def _capitalized(name: str) -> str:
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def _keyword(text: str, parts: list[str]) -> Heard | None:
    stop = _stop(parts)
    if stop is not None:
        return Heard(text, Word.STOP, language=stop)
    bare = list(parts)
    while len(bare) > 1 and bare[0] in _GREETING:
        bare.pop(0)
    join = _join(text, bare)
    if join is not None:
        return join
    first = bare[0]
    if first in _START and len(bare) <= 2:
        return Heard(text, Word.START, language=_START[first])
    if first in _HELP and len(bare) <= 3:
        danish = first == "hjalp" and "æ" in text.lower()
        return Heard(text, Word.HELP, language="da" if danish else _HELP[first])
    balance = next((part for part in parts if part in _BALANCE), None)
    if balance is not None and len(parts) <= 6:
        return Heard(text, Word.BALANCE, language=_BALANCE[balance])
    return None


def _stop(parts: list[str]) -> str | None:
    if len(parts) == 1 and parts[0] in _STOP_ALONE:
        return _STOP_ALONE[parts[0]]
    looked_at = parts if len(parts) <= 6 else parts[:1]
    return next((_STOP[part] for part in looked_at if part in _STOP), None)


def _join(text: str, parts: list[str]) -> Heard | None:
    glued = _GLUED.match(parts[0])
    if glued:
        parts = [*glued.groups(), *parts[1:]]
    for phrase in sorted(_JOIN, key=len, reverse=True):
        words = phrase.split()
        if parts[: len(words)] != words:
            continue
        rest = [part for part in parts[len(words) :] if part not in _BESIDE_CODE]
        rest = [part for part in rest if part not in {"mig", "meg", "me", "up"}]
        if len(rest) > 4:
            return None
        return Heard(text, Word.JOIN, " ".join(rest), language=_JOIN[phrase])
    return None


def _answer(parts: list[str]) -> Answer:
    """Read a yes strictly and a no generously: a doubt is never a yes."""
    says_yes = any(part in _YES or _YES_DRAWN.match(part) for part in parts)
    says_no = any(part in _NO or _NO_DRAWN.match(part) for part in parts)
    if says_no:
        return Answer.UNCLEAR if says_yes else Answer.NO
    clear = all(
        part in _YES or part in _POLITE or _YES_DRAWN.match(part) for part in parts
    )
    return Answer.YES if says_yes and clear else Answer.UNCLEAR
