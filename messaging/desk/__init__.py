"""What the privacy desk shows of messages: what allowed each, what was stopped."""
