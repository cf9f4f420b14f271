"""What vouchers and stamp cards do with the purchases of a round."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from common.periods import local_day
from offers.vouchers.bulk import Bought, Steps
from purchases import records
from purchases.loading.book import RuleBook
from purchases.loading.prepared import Prepared
from purchases.loading.rows import Rows, Shop
from purchases.rules import Buyer

_OFFERS = """
SELECT offers_after_receipt(
    %s, r.member, r.receipt, NULL, r.store, r.at, %s, r.lines, '{}')
FROM jsonb_to_recordset(%s::jsonb)
    AS r (member bigint, receipt uuid, store bigint, at timestamptz, lines jsonb)
"""
# The answer to a receipt tells what is left after the voucher.
_TURNED = """
UPDATE purchases_receipt r SET balance_after = a.balance
FROM points_account a WHERE a.member_id = r.member_id AND r.public_id = ANY(%s::uuid[])
"""


@dataclass(slots=True)
class Following:
    """Chooses how each purchase is followed: in the set with it, or after the set.

    Points become vouchers in the set where that can be counted ahead; else by the
    function, and then what the member bought next comes after it. Cards are stamped by
    the function.
    """

    rows: Rows
    steps: Steps
    book: RuleBook
    shops: Mapping[str, Shop]
    # Whether the rules are those that the receipts were prepared by.
    is_decided: bool
    _here: set[str] = field(default_factory=set)
    # Whether points may become a voucher, by receipt.
    _apart: dict[str, bool] = field(default_factory=dict)
    _ahead: Counter[int] = field(default_factory=Counter)
    _told: list[dict[str, Any]] = field(default_factory=list)
    _turned: list[str] = field(default_factory=list)

    def take(self, prepared: Prepared, buyer: Buyer) -> bool:
        """Take a purchase; return whether the member's next one has to wait for it."""
        unique_id = prepared.receipt.unique_receipt_id
        turns = False
        if self._can_be_here(prepared, buyer):
            self._here.add(unique_id)
        else:
            turns = self._turns(prepared, buyer)
        if turns or self._may_stamp(prepared):
            self._apart[unique_id] = turns
        # Whose points can be turned in the set could else use what is not settled yet.
        return turns or (
            unique_id not in self._here and self.rows.turning.takes(buyer.id)
        )

    def bought(self, prepared: Prepared, member: int, public_id: str) -> Bought | None:
        """Return a purchase whose points are turned in the set; keep what is left."""
        unique_id = prepared.receipt.unique_receipt_id
        store = self.shops[prepared.receipt.store_code].id
        if unique_id in self._apart:
            self._told.append(self._to_tell(prepared, member, public_id))
            if self._apart[unique_id]:
                self._turned.append(public_id)
        return Bought(member, public_id, store) if unique_id in self._here else None

    def tell(self) -> None:
        """Let the function follow the rest, in the order in which it was bought."""
        if not self._told:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                _OFFERS,
                [self.steps.club.programme_id, self.steps.now, json.dumps(self._told)],
            )
            cursor.execute(_TURNED, [self._turned])

    def _can_be_here(self, prepared: Prepared, buyer: Buyer) -> bool:
        if not prepared.sells or not self.rows.turning.takes(buyer.id):
            return False
        at = prepared.receipt.purchased_at
        rule = self.book.at(at)
        if rule is None:
            return True
        # Points that have lapsed before they came are for the function.
        expires_at, _ = self.rows.expiry(at, local_day(at, self.steps.club.zone), rule)
        return expires_at is None or expires_at > self.steps.now

    def _turns(self, prepared: Prepared, buyer: Buyer) -> bool:
        """Tell whether a purchase may bring its member to a voucher; never too late."""
        least = self.steps.least
        if least is None:
            return False
        self._ahead[buyer.id] += prepared.outcome.points
        balance = self.rows.earnings.balance(buyer.id) + self._ahead[buyer.id]
        return not self.is_decided or balance >= least

    def _may_stamp(self, prepared: Prepared) -> bool:
        if self.is_decided:
            return prepared.stamps
        return self.book.may_stamp(prepared.whole)

    def _to_tell(
        self, prepared: Prepared, member: int, public_id: str
    ) -> dict[str, Any]:
        receipt = prepared.receipt
        shelf = self.book.shelf(receipt.store_code)
        return {
            "member": member,
            "receipt": public_id,
            "store": self.shops[receipt.store_code].id,
            "at": receipt.purchased_at.isoformat(),
            "lines": records.offer_lines(prepared.whole.lines, shelf),
        }
