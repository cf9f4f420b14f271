"""Who sees and does what here; the table of addresses says the same."""

from stores.roles import Role

SEE_VOUCHERS = frozenset(
    {
        Role.OWNER,
        Role.CUSTOMER_SERVICE,
        Role.MARKETER,
        Role.DATA_PROTECTION_OFFICER,
    }
)
# Withdraws a voucher, and makes one valid again.
CHANGE_VOUCHERS = frozenset({Role.OWNER, Role.CUSTOMER_SERVICE})
SEE_CARDS = frozenset({Role.OWNER, Role.MARKETER, Role.ANALYST})
WRITE_CARDS = frozenset({Role.OWNER, Role.MARKETER})
