"""How often an address may try a link."""

from datetime import timedelta

from common.limits import Limit

INVITATIONS_PER_ADDRESS = Limit("invitation", 30, timedelta(minutes=10))
