"""Vouchers and stamp cards for other systems."""
