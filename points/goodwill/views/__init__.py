"""The desk's screens of goodwill."""
