"""The authorisation table: URL name, audience, and roles by method.

A URL that is not here is closed to everybody, and a test fails for it. The test also
calls every URL as every role with every method and compares the answer with this table.
"""

from stores.access import Access, public

TABLE: dict[str, Access] = {
    "healthz": public("GET"),
    "readyz": public("GET"),
}
