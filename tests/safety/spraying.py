"""A guesser who tries a few codes of very many members, from very many addresses.

The same attack runs against the product's own services and against a model of their
decisions. A test holds the two together; only then does the model speak for a million
guesses, which take seconds there and hours here.
"""

from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.limits import Limit, LimitReached
from consent.models import Channel
from portal import limits, rules, services
from portal.identifiers import Identifier
from portal.rules import Verdict

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
# Of one guess at a code of six digits.
CHANCE = 10**-rules.CODE_DIGITS
REFUSED = "refused"


@dataclass(frozen=True)
class Attack:
    """How many guesses at how many members from how many addresses, and how fast.

    Each visit asks for a member's code and enters five guesses, `patience` later.
    """

    guesses: int
    members: int
    addresses: int
    per_hour: int
    patience: timedelta = timedelta(0)

    def visits(self):
        """Yield each visit's moment, member and address."""
        count = self.guesses // rules.CODE_TRIES
        pause = timedelta(hours=rules.CODE_TRIES / self.per_hour)
        for visit in range(count):
            yield START + visit * pause, visit % self.members, visit % self.addresses


@dataclass
class Outcome:
    """What the guesses came to."""

    verdicts: Counter
    # Guesses that were compared with a code: only these can be right.
    compared: int = 0
    closed_after: timedelta | None = None
    most_per_member: int = 0

    @property
    def expected_takeovers(self) -> float:
        """Return how many accounts the guesser gets on average."""
        return self.compared * CHANCE


def number_of(member: int) -> str:
    """Return a member's number: spread over the country's series as in life."""
    series = ("70", "72", "73", "76", "79")[member % 5]
    return f"+46{series}{member * 97 % 10_000_000:07d}"


def run(attack: Attack, house) -> Outcome:
    """Let the guesser loose on a house; return what came of it."""
    outcome = Outcome(Counter())
    compared: dict[int, deque] = {}
    first = None
    for asked, member, address in attack.visits():
        house.ask(member, address, asked)
        entered = asked + attack.patience
        for guess in range(rules.CODE_TRIES):
            verdict = house.enter(member, address, guess, entered)
            outcome.verdicts[verdict] += 1
            first = first or entered
            if verdict == Verdict.CLOSED and outcome.closed_after is None:
                outcome.closed_after = entered - first
            if verdict in {Verdict.WRONG, Verdict.RIGHT}:
                outcome.compared += 1
                of_day = compared.setdefault(member, deque())
                of_day.append(entered)
                while of_day[0] <= entered - rules.DAY:
                    of_day.popleft()
                outcome.most_per_member = max(outcome.most_per_member, len(of_day))
    return outcome


class Services:
    """The product itself."""

    def __init__(self, programme) -> None:
        self.programme = programme

    def ask(self, member: int, address: int, now: datetime) -> None:
        with suppress(LimitReached):
            services.send_code(
                programme=self.programme,
                identifier=Identifier(Channel.SMS, number_of(member)),
                browser_key=f"browser-{address}",
                address_block=f"address-{address}",
                language="sv",
                now=now,
            )

    def enter(self, member: int, address: int, guess: int, now: datetime) -> str:
        try:
            services.verify_code(
                identifier=Identifier(Channel.SMS, number_of(member)),
                browser_key=f"browser-{address}",
                code=f"{guess:06d}",
                address_block=f"address-{address}",
                device="",
                now=now,
            )
        except services.CodeRefused as refused:
            return refused.verdict
        except LimitReached:
            return REFUSED
        return Verdict.RIGHT


@dataclass
class _Code:
    asked: datetime
    address: int
    tries: int = 0
    is_replaced: bool = False


class Model:
    """The decisions alone, with the product's own limits and rules.

    `rights_per_hour` are members who sign in meanwhile; `has_breaker` is for the twin.
    """

    def __init__(self, *, rights_per_hour: int = 0, has_breaker: bool = True) -> None:
        self.buckets: dict[tuple[str, object], tuple[float, datetime]] = {}
        self.codes: dict[int, list[_Code]] = {}
        self.window: deque[_Code] = deque()
        self.wrong = 0
        self.rights_per_hour = rights_per_hour
        self.has_breaker = has_breaker

    def ask(self, member: int, address: int, now: datetime) -> None:
        number = number_of(member)
        if not self._take(
            [
                (limits.CODES_PER_IDENTIFIER, number),
                (limits.CODES_PER_IDENTIFIER_DAY, number),
                (limits.CODES_PER_ADDRESS, address),
                (limits.CODES_PER_BLOCK, number[:-3]),
            ],
            now,
        ):
            return
        codes = self.codes.setdefault(member, [])
        for code in codes:
            code.is_replaced = True
        code = _Code(now, address)
        codes.append(code)
        self.window.append(code)

    def enter(self, member: int, address: int, guess: int, now: datetime) -> str:
        if not self._take([(limits.ENTRIES_PER_ADDRESS, address)], now):
            return REFUSED
        recent = [
            code for code in self.codes.get(member, []) if code.asked > now - rules.DAY
        ]
        code = next((code for code in recent[::-1] if code.address == address), None)
        if code is None:
            return Verdict.UNKNOWN
        if sum(each.tries for each in recent) >= rules.WRONG_CODES_PER_DAY:
            return Verdict.LOCKED
        refused = rules.refusal(
            rules.CodeState(
                expires_at=code.asked + rules.CODE_LIFE,
                tries=code.tries,
                is_used=False,
                is_replaced=code.is_replaced,
            ),
            now=now,
        )
        if refused:
            return refused
        if self.has_breaker and self._is_closed(now):
            return Verdict.CLOSED
        code.tries += 1
        self.wrong += 1
        return Verdict.WRONG

    def _is_closed(self, now: datetime) -> bool:
        while self.window and self.window[0].asked <= now - rules.SPRAY_WINDOW:
            self.wrong -= self.window.popleft().tries
        hours = rules.SPRAY_WINDOW.total_seconds() / 3600
        return rules.is_sprayed(
            wrong=self.wrong, right=int(self.rights_per_hour * hours)
        )

    def _take(self, wanted: list[tuple[Limit, object]], now: datetime) -> bool:
        filled = {}
        for limit, subject in wanted:
            tokens, at = self.buckets.get((limit.name, subject), (limit.amount, now))
            passed = (now - at).total_seconds() / limit.per.total_seconds()
            tokens = min(limit.amount, tokens + passed * limit.amount)
            if tokens < 1:
                return False
            filled[limit.name, subject] = (tokens - 1, now)
        self.buckets.update(filled)
        return True
