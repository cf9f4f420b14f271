"""What points for actions hand to others when the house starts."""

from points.actions import faults, kinds, merging, privacy


def register() -> None:
    """Register everything; called once, when the room is ready."""
    kinds.register()
    faults.register()
    merging.register()
    privacy.register_all()
