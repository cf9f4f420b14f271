"""The one-page explanation as a PDF, to print and lay beside the till."""

from html import escape
from io import BytesIO

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, KeepInFrame, Paragraph, Spacer

from common.ui import brand
from points.programme.leaflet import Leaflet

_WIDTH, _HEIGHT = A4
_MARGIN = 18 * mm
_BAND = 34 * mm
_FOOT = 16 * mm
_INK, _SOFT = HexColor("#141a17"), HexColor("#5b655f")
# Every printer has them, and they write all letters of the three languages.
_FONT, _BOLD = "Helvetica", "Helvetica-Bold"


def to_pdf(leaflet: Leaflet) -> bytes:
    """Write the explanation as one page of A4; much text is set smaller."""
    file = BytesIO()
    # The same page is the same file, whenever it is made.
    canvas = Canvas(file, pagesize=A4, invariant=True)
    title = _("How %(club)s works") % {"club": leaflet.club}
    canvas.setTitle(title)
    canvas.setAuthor(leaflet.company)
    _band(canvas, leaflet, title)
    width = _WIDTH - 2 * _MARGIN
    height = _HEIGHT - _BAND - _FOOT - 6 * mm
    frame = Frame(_MARGIN, _FOOT, width, height, 0, 0, 0, 0)
    story: list[Flowable] = list(_story(leaflet))
    frame.addFromList([KeepInFrame(width, height, story, mode="shrink")], canvas)
    _foot(canvas, leaflet)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def _band(canvas: Canvas, leaflet: Leaflet, title: str) -> None:
    ink = brand.write(brand.text_on(brand.read(leaflet.color)))
    canvas.setFillColor(HexColor(leaflet.color))
    canvas.rect(0, _HEIGHT - _BAND, _WIDTH, _BAND, 0, 1)
    canvas.setFillColor(HexColor(ink))
    size = 24.0
    while size > 12 and canvas.stringWidth(title, _BOLD, size) > _WIDTH - 2 * _MARGIN:
        size -= 1
    canvas.setFont(_BOLD, size)
    canvas.drawString(_MARGIN, _HEIGHT - _BAND + 12 * mm, title)


def _story(leaflet: Leaflet) -> list[Flowable]:
    heading = ParagraphStyle(
        "heading", fontName=_BOLD, fontSize=12, leading=15, textColor=_INK
    )
    said = ParagraphStyle(
        "said",
        fontName=_FONT,
        fontSize=10.5,
        leading=14,
        leftIndent=10,
        bulletIndent=0,
        textColor=_INK,
        alignment=TA_LEFT,
    )
    story: list[Flowable] = []
    for section in leaflet.sections:
        story.append(Spacer(1, 4 * mm))
        story.append(Paragraph(escape(section.heading), heading))
        story.append(Spacer(1, 1 * mm))
        story += [
            Paragraph(escape(text), said, bulletText="•") for text in section.sentences
        ]
    return story


def _foot(canvas: Canvas, leaflet: Leaflet) -> None:
    canvas.setFillColor(_SOFT)
    canvas.setFont(_FONT, 8)
    canvas.drawString(_MARGIN, 9 * mm, leaflet.company)
    edition = _("Version %(version)s, from %(day)s") % {
        "version": leaflet.version,
        "day": _day(leaflet),
    }
    canvas.drawRightString(_WIDTH - _MARGIN, 9 * mm, edition)


def _day(leaflet: Leaflet) -> str:
    return date_format(leaflet.since, "DATE_FORMAT", use_l10n=True)
