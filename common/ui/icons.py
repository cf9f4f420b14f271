"""Icons from the sprite, for templates and for table cells made in Python."""

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

SPRITE = "vendor/icons.svg"
# What the member's pages show, drawn as in the big sprite: a phone then gets 3 kB
# instead of 10. An icon that is not among them costs it both.
CORE_SPRITE = "ui/img/core-icons.svg"
CORE = frozenset(
    """
    adjustments adjustments-horizontal alert-circle alert-triangle arrow-back-up
    arrow-left arrow-right bell building-store calendar check checklist chevron-left
    chevron-right circle-check circle-x clock coin coins confetti crown device-mobile
    edit external-link f-home f-receipt f-user file-download file-text gift hand-stop
    heart-handshake help-circle home hourglass hourglass-low id id-badge-2 info-circle
    link lock login logout mail message-2 minus moon pencil player-pause plus point
    printer qrcode receipt receipt-refund refresh shield-check shield-lock shopping-bag
    sun ticket trash trending-up user user-plus users world x
    """.split()
)


def href(name: str) -> str:
    """Return the address of one drawing in its sprite."""
    return f"{static(CORE_SPRITE if name in CORE else SPRITE)}#{name}"


def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon that says nothing on its own; its words stand beside it."""
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false">'
        '<use href="{}"></use></svg>',
        f"i {css}".strip(),
        href(name),
    )
