"""How often codes may be asked for and entered. Each stands in docs/limits.md."""

from datetime import timedelta

from common.limits import Limit

_HOUR = timedelta(hours=1)

CODES_PER_IDENTIFIER = Limit("sign-in.codes.identifier.hour", 3, _HOUR)
CODES_PER_IDENTIFIER_DAY = Limit("sign-in.codes.identifier.day", 6, timedelta(days=1))
CODES_PER_ADDRESS = Limit("sign-in.codes.address", 10, _HOUR)
# A thousand neighbouring numbers: who pumps SMS walks through a range.
CODES_PER_BLOCK = Limit("sign-in.codes.block", 20, _HOUR)
# Mail domains hold millions of people, so theirs is wide.
CODES_PER_MAIL_DOMAIN = Limit("sign-in.codes.mail-domain", 600, _HOUR)
# Who has borrowed a member's phone could otherwise send codes to anybody from there.
CODES_PER_MEMBER = Limit("contact.codes.member", 10, timedelta(days=1))
NUMBERS_PER_MEMBER = Limit("sign-in.numbers.member", 5, timedelta(days=1))
ENTRIES_PER_ADDRESS = Limit("sign-in.entries.address", 30, _HOUR)
