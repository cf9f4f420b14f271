"""Vouchers: bought with points, given for stamps or goodwill, used once."""
