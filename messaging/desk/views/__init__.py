"""The pages of messages at the privacy desk."""
