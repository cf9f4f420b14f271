"""The desk's screens of vouchers and stamp cards."""
