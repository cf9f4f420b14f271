"""How messages follow when two memberships become one: they are handed on."""

from members import merge_registry
from messaging.models import Message


def register() -> None:
    """Register the outbox; called once, when the room is ready."""
    merge_registry.register_handed_on(Message)
