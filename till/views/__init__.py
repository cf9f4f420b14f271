"""The store's screens: enrolling the device, identifying, and the till page itself."""
