"""The pages of the breach log."""
