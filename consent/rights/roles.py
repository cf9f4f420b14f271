"""Who works with requests, and who may do what cannot be undone."""

from stores.roles import Role

# Receive, see who asks, answer.
MAY_HANDLE = frozenset(
    {Role.OWNER, Role.DATA_PROTECTION_OFFICER, Role.CUSTOMER_SERVICE}
)
# Give out a copy, erase, restrict, write the templates.
MAY_CARRY_OUT = frozenset({Role.OWNER, Role.DATA_PROTECTION_OFFICER})
