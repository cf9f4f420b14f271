"""The store's screens under /till/.

Owns: no tables; the flow of an enrolled device, a PIN, a look-up, a registration.
May import: every room below the faces.
Public verbs: none; it calls down.
Invariants: works only on an enrolled device with a staff PIN; finds members by exact
    match and never lists them; shows contact details masked.
"""
