"""Icons from the sprite, for templates and for table cells made in Python."""

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

SPRITE = "vendor/icons.svg"


def href(name: str) -> str:
    """Return the address of one drawing in the sprite."""
    return f"{static(SPRITE)}#{name}"


def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon that says nothing on its own; its words stand beside it."""
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false">'
        '<use href="{}"></use></svg>',
        f"i {css}".strip(),
        href(name),
    )
