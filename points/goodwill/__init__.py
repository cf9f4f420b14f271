"""Goodwill: what staff may give to make something good, within an allowance.

`rules` decides, `services` gives (points here, vouchers by the room above), `words`
says what is left, `selectors` and `views` show managers what became of it.
"""
