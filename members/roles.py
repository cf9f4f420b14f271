"""Who sees the people of the club; the table of addresses says the same."""

from stores.roles import Role

SEE_MEMBERS = frozenset(
    {
        Role.OWNER,
        Role.CUSTOMER_SERVICE,
        Role.MARKETER,
        Role.DATA_PROTECTION_OFFICER,
    }
)
