"""What a text that members agree to must not do, and must say.

A yes counts only if it is given freely, on its own, by somebody who knows what it is
for and how to take it back (GDPR art. 4(11) and 7; MFL 19 section, MFL-DK section 10).
Terms change with notice only. The patterns cannot read: they catch what is known to go
wrong, and the person who publishes reads the rest.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from consent.texts import patterns
from consent.texts.wording import Wording

# Before changed terms hold for those who were members already.
NOTICE = timedelta(days=30)
# The shortest time in which members are asked to renew a yes.
SHORTEST_ANSWER = timedelta(days=14)
_LONGEST_QUOTE = 160
_SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\n+")


class Code(StrEnum):
    """What is wrong with a text."""

    EMPTY_TITLE = "empty_title"
    EMPTY_BODY = "empty_body"
    SAME_WORDS = "same_words"
    MARKUP = "markup"
    PLACEHOLDER = "placeholder"
    TICKED = "ticked"
    SILENCE = "silence"
    BUNDLED = "bundled"
    TERMS_IN_CONSENT = "terms_in_consent"
    OTHER_PURPOSE = "other_purpose"
    OTHER_CHANNEL = "other_channel"
    CHANNEL_MISSING = "channel_missing"
    COMPANY_MISSING = "company_missing"
    WITHDRAWAL_MISSING = "withdrawal_missing"
    WAY_BACK_MISSING = "way_back_missing"
    CONSENT_IN_TERMS = "consent_in_terms"
    UNCHANGED = "unchanged"
    NEWS_MISSING = "news_missing"
    NOTICE_MISSING = "notice_missing"
    NOTICE_SHORT = "notice_short"
    ANSWER_MISSING = "answer_missing"
    ANSWER_SHORT = "answer_short"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, where, and the words that show it.

    `about` is the other purpose, channel or language that the fault is with.
    """

    code: Code
    language: str = ""
    quote: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a text is for, and in whose name."""

    company: str
    # TERMS or CONSENT; a permission has a purpose and a channel, terms have neither.
    kind: str
    purpose: str = ""
    channel: str = ""

    @property
    def is_consent(self) -> bool:
        """Tell a permission from the terms."""
        return self.kind == "CONSENT"


@dataclass(frozen=True, slots=True)
class Change:
    """What an edition does with the one before it."""

    is_material: bool
    # What is new, by language.
    news: Mapping[str, str]
    holds_from: date | None
    answer_by: date | None
    # The words in force, empty when this is the first edition.
    before: Mapping[str, Wording]


def faults_of(
    subject: Subject, wordings: Mapping[str, Wording], languages: Sequence[str]
) -> list[Fault]:
    """Return what is wrong with the words of a text, language by language."""
    found: list[Fault] = []
    for language in languages:
        wording = wordings.get(language, Wording("", ""))
        found += wording_faults(subject, language, wording)
    return found + list(_same_words(wordings, languages))


def wording_faults(subject: Subject, language: str, wording: Wording) -> list[Fault]:
    """Return what is wrong with the words in one language."""
    empty = list(_empty(language, wording))
    if not wording.body.strip():
        return empty
    text = f"{wording.title}\n{wording.body}"
    found = [*empty, *_marks(language, text), *_ticked(subject, language, text)]
    if subject.is_consent:
        found += [*_bundled(language, text), *_purposes(subject, language, text)]
        found += [*_channels(subject, language, text), *_way_back(language, text)]
    else:
        found += _permissions(language, text)
    if subject.company.casefold() not in text.casefold():
        found.append(Fault(Code.COMPANY_MISSING, language, about=subject.company))
    return found


def change_faults(
    subject: Subject,
    change: Change,
    wordings: Mapping[str, Wording],
    languages: Sequence[str],
    *,
    today: date,
) -> list[Fault]:
    """Return what is wrong with how an edition follows on the one in force.

    Changed terms need 30 days' notice; who is asked again must be told what is new and
    be given time to answer.
    """
    if not change.before:
        return []
    found = []
    if all(change.before.get(each) == wordings.get(each) for each in languages):
        found.append(Fault(Code.UNCHANGED))
    if change.is_material:
        found += [
            Fault(Code.NEWS_MISSING, each)
            for each in languages
            if not change.news.get(each, "").strip()
        ]
    if not subject.is_consent:
        found += _late(
            change.holds_from, today + NOTICE, Code.NOTICE_MISSING, Code.NOTICE_SHORT
        )
    elif change.is_material:
        earliest = today + SHORTEST_ANSWER
        found += _late(
            change.answer_by, earliest, Code.ANSWER_MISSING, Code.ANSWER_SHORT
        )
    return found


def _empty(language: str, wording: Wording) -> Iterator[Fault]:
    if not wording.title.strip():
        yield Fault(Code.EMPTY_TITLE, language)
    if not wording.body.strip():
        yield Fault(Code.EMPTY_BODY, language)


def _same_words(
    wordings: Mapping[str, Wording], languages: Sequence[str]
) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for language in languages:
        body = wordings.get(language, Wording("", "")).body.strip()
        if body and body in seen:
            yield Fault(Code.SAME_WORDS, language, about=seen[body])
        seen.setdefault(body, language)


def _marks(language: str, text: str) -> Iterator[Fault]:
    for code, pattern in (
        (Code.MARKUP, patterns.MARKUP),
        (Code.PLACEHOLDER, patterns.PLACEHOLDER),
    ):
        if match := pattern.search(text):
            yield Fault(code, language, match[0])


def _ticked(subject: Subject, language: str, text: str) -> Iterator[Fault]:
    for sentence in sentences(text):
        is_told = patterns.TICKED_WORDS.search(sentence) or (
            patterns.TICKED_IN_CONSENT.search(sentence)
            and (subject.is_consent or patterns.BOX.search(sentence))
        )
        is_denied = patterns.NEGATED.search(sentence) is not None
        if patterns.TICKED_MARK.search(sentence) or (is_told and not is_denied):
            yield Fault(Code.TICKED, language, shortened(sentence))


def _bundled(language: str, text: str) -> Iterator[Fault]:
    for sentence in sentences(text):
        if patterns.SILENCE.search(sentence):
            yield Fault(Code.SILENCE, language, shortened(sentence))
        if patterns.NEGATED.search(sentence):
            continue
        if patterns.TERMS.search(sentence):
            yield Fault(Code.TERMS_IN_CONSENT, language, shortened(sentence))
        elif patterns.BUNDLED.search(sentence):
            yield Fault(Code.BUNDLED, language, shortened(sentence))


def _purposes(subject: Subject, language: str, text: str) -> Iterator[Fault]:
    foreign = {
        purpose: pattern
        for purpose, pattern in {
            "SURVEYS": patterns.SURVEYS,
            "PARTNERS": patterns.PARTNERS,
            "PROFILING": patterns.PROFILING,
            "MARKETING": _OFFERS_IN.get(subject.purpose),
        }.items()
        if purpose != subject.purpose and pattern is not None
    }
    for sentence in sentences(text):
        if patterns.NEGATED.search(sentence):
            continue
        for purpose, pattern in foreign.items():
            if pattern.search(sentence):
                quote = shortened(sentence)
                yield Fault(Code.OTHER_PURPOSE, language, quote, purpose)


# What counts as marketing inside a permission for something else. Partners may be
# named with what they will do: show offers of their own.
_OFFERS_IN = {"SURVEYS": patterns.OFFERS, "PROFILING": patterns.OFFERS_SENT}


def _channels(subject: Subject, language: str, text: str) -> Iterator[Fault]:
    own = patterns.CHANNELS.get(subject.channel)
    if own is None:
        return
    if not own.search(text):
        yield Fault(Code.CHANNEL_MISSING, language, about=subject.channel)
    for sentence in sentences(text):
        is_about_sending = patterns.SENDING.search(sentence)
        if not is_about_sending or patterns.WITHDRAWAL.search(sentence):
            continue
        if patterns.NEGATED.search(sentence):
            continue
        for channel, pattern in patterns.CHANNELS.items():
            if channel != subject.channel and pattern.search(sentence):
                quote = shortened(sentence)
                yield Fault(Code.OTHER_CHANNEL, language, quote, channel)


def _way_back(language: str, text: str) -> Iterator[Fault]:
    told = [part for part in text.split("\n") if patterns.WITHDRAWAL.search(part)]
    if not told:
        yield Fault(Code.WITHDRAWAL_MISSING, language)
    elif not any(patterns.WAY_BACK.search(part) for part in told):
        yield Fault(Code.WAY_BACK_MISSING, language, shortened(told[0]))


def _permissions(language: str, text: str) -> Iterator[Fault]:
    for sentence in sentences(text):
        if patterns.NEGATED.search(sentence) or patterns.OF_ITS_OWN.search(sentence):
            continue
        if patterns.PERMITTING.search(sentence) or patterns.SENT_BY_RULE.search(
            sentence
        ):
            yield Fault(Code.CONSENT_IN_TERMS, language, shortened(sentence))


def _late(
    day: date | None, earliest: date, missing: Code, short: Code
) -> Iterator[Fault]:
    if day is None:
        yield Fault(missing, about=earliest.isoformat())
    elif day < earliest:
        yield Fault(short, about=earliest.isoformat())


def sentences(text: str) -> list[str]:
    """Cut a text into its sentences."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def shortened(passage: str) -> str:
    """Return a passage short enough to quote."""
    if len(passage) <= _LONGEST_QUOTE:
        return passage
    return passage[:_LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
