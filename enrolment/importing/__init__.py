"""Take over an existing club from a file: upload, columns, dry run, import.

Owns: `ClubImport`, `ImportBatch`, `ImportRow`.
Public verbs: `services.receive`, `services.set_layout`, `services.set_columns`,
    `services.start`, `services.pause`, `services.resume`, `services.cancel`,
    `services.forget`, and `work.run`, which the worker calls.
Invariants: the dry run changes nothing but the staging rows; a row takes effect once,
    in the transaction that marks its batch as done; a permission without its original
    date and source is none; a row never changes whose a number or address is; points
    are brought along once by each member, whatever is imported again.
"""
