"""How often strangers may begin. See docs/limits.md.

Taken before anybody is looked for, so that reaching a limit does not tell who is known.
"""

from datetime import datetime, timedelta

from common import limits
from common.limits import Limit
from stores.models import Programme

BEGUN_PER_NUMBER = Limit("join.web.contact", 3, timedelta(hours=1))
BEGUN_PER_ADDRESS = Limit("join.web.address", 10, timedelta(hours=1))
# A thousand neighbouring numbers, or a mail domain.
BEGUN_PER_BLOCK = Limit("join.web.block", 20, timedelta(hours=1))
BEGUN_PER_MAIL_DOMAIN = Limit("join.web.mail-domain", 600, timedelta(hours=1))
BEGUN_PER_PROGRAMME = Limit("join.web.programme", 600, timedelta(hours=1))
RESENDS_PER_ADDRESS = Limit("join.resend.address", 10, timedelta(hours=1))


def take_beginning(
    *,
    programme: Programme,
    phone: str,
    email: str,
    address_block: str,
    now: datetime,
) -> None:
    """Count one beginning on a page that anybody can open.

    Raises:
        LimitReached: the number, its neighbours, the caller or all together had enough.
    """
    neighbors = (
        (BEGUN_PER_BLOCK, phone[:-3])
        if phone
        else (BEGUN_PER_MAIL_DOMAIN, email.rpartition("@")[2])
    )
    limits.take(
        [
            (BEGUN_PER_NUMBER, phone or email),
            (BEGUN_PER_ADDRESS, address_block),
            neighbors,
            (BEGUN_PER_PROGRAMME, str(programme.public_id)),
        ],
        now=now,
    )
