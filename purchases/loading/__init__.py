"""Load many receipts at once: the rows that `record_receipt` writes, by COPY.

For imports and demo data. The same `rules.decide` runs for every receipt. What is usual
(a purchase of which nothing has come back, by a member who owes nothing, whose points
do not hang on who buys) is written in sets, with the vouchers and stamps that it gives;
everything else goes through `record_receipt` itself, in the order it came. A test loads
receipts both ways and finds receipts, ledgers and timelines identical. Only who rises
to a tier by them does so in the night.

`services` loads; `prepared` is what a receipt is before the database is asked, made in
a process of its own; `batches` records those of one transaction; `rows` writes them;
`buyers` finds whose they are; `book` is the published rules they are decided by.
"""
