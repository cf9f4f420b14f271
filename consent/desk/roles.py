"""Who works at the data-protection officer's desk."""

from stores.roles import Role

OFFICERS = frozenset({Role.OWNER, Role.DATA_PROTECTION_OFFICER})
