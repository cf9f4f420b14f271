"""What `make` calls: installing, running, checking and translating Stamkund."""
