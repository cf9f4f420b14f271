"""What this room writes to members, and the events that tell them something."""

from consent.models import Channel
from messaging import notices, templates

_EMAIL = frozenset({Channel.EMAIL})


def register_all() -> None:
    """Register messages and notices; called once, when the room is ready."""
    templates.register("step_up_code", fields={"code"})
    templates.register("contact_code", fields={"code"})
    templates.register("phone_changed", fields={"link"})
    templates.register("email_changed", fields={"link"})
    templates.register("contact_restored", fields=set())
    # Without a field: who never finished can leave as well, and has no name.
    templates.register("membership_ended", fields=set())
    templates.register("number_passed_on", fields=set(), channels=_EMAIL)
    templates.register("card_replaced", fields=set())
    templates.register("desk_code", fields={"code"})
    templates.register("rights_answer", fields={"text", "what", "link"})
    templates.register("erasure_begun", fields={"moment", "link"})
    templates.register("erasure_taken_back", fields=set())
    templates.register("erasure_done", fields=set())
    templates.register("consent_renewal", fields={"title", "day", "link"})
    templates.register("terms_changed", fields={"day", "link"})
    notices.register("member.card_replaced", "card_replaced")
    notices.register("member.contact_restored", "contact_restored")
    notices.register("member.left", "membership_ended")
