"""QR codes as SVG, drawn on the server."""

import segno
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext


def qr_svg(data: str, label: str = "") -> SafeString:
    """Draw a QR code with its quiet zone, dark on white in both themes.

    Never a Micro QR code, which many scanners miss.
    """
    drawing = segno.make_qr(data, error="m").svg_inline(
        scale=1, border=4, svgclass=None, lineclass=None, omitsize=True, dark="#111"
    )
    return format_html(
        '<span class="qr" role="img" aria-label="{}">{}</span>',
        label or gettext("QR code"),
        mark_safe(drawing),  # noqa: S308 - segno draws it; the data is in the dots
    )
