"""The authorisation table: URL name, audience, and roles by method.

A URL that is not here is closed to everybody, and a test fails for it. The test also
calls every URL as every role with every method and compares the answer with this table.
"""

from stores.access import ANYONE, Access, desk, device, member, public, till
from stores.roles import Role

# Who works at a till.
_AT_TILL = (Role.STORE_STAFF, Role.STORE_MANAGER, Role.OWNER)

TABLE: dict[str, Access] = {
    "healthz": public("GET"),
    "readyz": public("GET"),
    # common: the UI kit
    "common:search": desk(ANYONE),
    "common:theme": public("POST"),
    "common:language": public("POST"),
    "common:brand": public("GET"),
    "common:styleguide": desk(ANYONE),
    "common:styleguide-progress": desk(ANYONE),
    "common:styleguide-table": desk(ANYONE),
    "common:styleguide-toast": desk(ANYONE, ANYONE),
    # till
    "till:enrol": public("GET", "POST"),
    "till:staff": device("GET"),
    "till:pin": device("GET", "POST"),
    "till:lock": device("POST"),
    "till:home": till(_AT_TILL),
    "till:find": till(post=_AT_TILL),
    "till:register": till(post=_AT_TILL),
    "till:resend": till(post=_AT_TILL),
    # portal
    "portal:sign-in": public("GET", "POST"),
    "portal:sign-in-code": public("GET", "POST"),
    "portal:manifest": public("GET"),
    "portal:sign-out": member("POST"),
    "portal:home": member("GET"),
    "portal:card": member("GET"),
    "portal:card-qr": member("GET"),
    "portal:receipts": member("GET"),
    "portal:receipt": member("GET"),
    "portal:choices": member("GET", "POST"),
    "portal:me": member("GET"),
    "portal:details": member("GET", "POST"),
    "portal:email-confirm": member("POST"),
    "portal:email-code": member("GET", "POST"),
    "portal:help": member("GET"),
    # enrolment: behind the link in the SMS
    "enrolment:join": public("GET", "POST"),
    "enrolment:resend": public("POST"),
    "enrolment:sent": public("GET"),
    "enrolment:welcome": public("GET"),
    "enrolment:terms": public("GET"),
    # messaging: the simulator, where settings allow it
    "messaging:outbox": public("GET"),
}
