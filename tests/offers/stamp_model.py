"""A stamp card on paper: every stamp a mark of its own, gone through from the start.

Says from purchases, what came back of them, and rewards that were used, what the
database works out step by step. Days are whole numbers.
"""

from dataclasses import dataclass, field


@dataclass
class Purchase:
    """So many stamps of a day; `left` is what was not brought back."""

    day: int
    place: int
    left: int


@dataclass
class Paper:
    """A member's card; `used` are the days whose purchases brought used rewards."""

    needed: int
    valid_days: int
    purchases: list = field(default_factory=list)
    used: list = field(default_factory=list)

    def settle(self, until):
        """Return how many stamps count, what is owed, and how many rewards there are.

        Until a day: on it, what lapses with the end of the day before is gone.
        """
        marks = []  # the last day of each valid stamp that no reward has taken
        rewards = owed = 0
        happenings = [(each.day, 0, each.place, each.left) for each in self.purchases]
        happenings += [
            (day, 1, place, place) for place, day in enumerate(sorted(self.used), 1)
        ]
        for day, is_reward, _place, number in sorted(happenings):
            marks = [last for last in marks if last >= day]
            if not is_reward:
                marks += [day + self.valid_days] * number
            elif number > rewards:
                rewards += 1
                owed += self.needed
            while owed and marks:
                marks.pop(0)
                owed -= 1
            while not owed and len(marks) >= self.needed:
                del marks[: self.needed]
                rewards += 1
        marks = [last for last in marks if last >= until]
        return len(marks), owed, rewards
