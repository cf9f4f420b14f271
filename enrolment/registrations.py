"""What this room hands to the rooms below it."""

from enrolment import merging
from messaging import templates


def register() -> None:
    """Register everything; called once, in `AppConfig.ready()`."""
    merging.register()
    templates.register("join_reminder", fields={"link"})
