"""How often a device may look up and a PIN be tried. Each is in docs/limits.md."""

from datetime import timedelta

from common.limits import Limit

LOOKUPS_PER_MINUTE = Limit("till.lookups.device.minute", 60, timedelta(minutes=1))
LOOKUPS_PER_DAY = Limit("till.lookups.device.day", 1000, timedelta(days=1))
# By name, for managers only: a way to leaf through the club otherwise.
NAMES_PER_HOUR = Limit("till.names.device.hour", 20, timedelta(hours=1))
# Wrong PINs only: a right one is paid back.
PINS_PER_DEVICE = Limit("till.pins.device", 20, timedelta(minutes=10))
PINS_PER_PERSON = Limit("till.pins.person", 5, timedelta(minutes=10))
ENROLMENTS_PER_ADDRESS = Limit("till.enrolments.address", 10, timedelta(minutes=10))
