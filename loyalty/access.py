"""The authorisation table: URL name, audience, and roles by method.

A URL that is not here is closed to everybody, and a test fails for it. The test also
calls every URL as every role with every method and compares the answer with this table.
"""

from stores.access import ANYONE, Access, desk, public

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
}
