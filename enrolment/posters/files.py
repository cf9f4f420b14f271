"""A drawn poster as a file: SVG for designers and screens, PDF for printers."""

from collections.abc import Iterable
from html import escape
from io import BytesIO

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from enrolment.posters.layout import HEIGHT, WIDTH, Box, Code, Dot, Line, Paper, Shape

_SVG_FONT = "Helvetica, Arial, Liberation Sans, sans-serif"


def to_svg(shapes: Iterable[Shape], *, title: str) -> str:
    """Write shapes as an SVG document of A4 size."""
    body = "\n".join(_svg(shape) for shape in shapes)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'width="{WIDTH:g}mm" height="{HEIGHT:g}mm" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'font-family="{_SVG_FONT}">\n<title>{escape(title)}</title>\n'
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#ffffff"/>\n'
        f"{body}\n</svg>\n"
    )


def to_pdf(shapes: Iterable[Shape], *, paper: Paper, title: str, author: str) -> bytes:
    """Write shapes as one page of PDF, as large as the paper."""
    scale = paper.scale
    file = BytesIO()
    canvas = Canvas(
        file,
        pagesize=(WIDTH * scale * mm, HEIGHT * scale * mm),
        # The same poster is the same file, whenever it is made.
        invariant=True,
    )
    canvas.setTitle(title)
    canvas.setAuthor(author)
    # From millimetres of an A4, downwards as on a page, to points from below.
    canvas.scale(scale * mm, scale * mm)
    for shape in shapes:
        _pdf(canvas, shape)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def _svg(shape: Shape) -> str:
    if isinstance(shape, Box):
        corner = f' rx="{shape.radius:g}"' if shape.radius else ""
        return (
            f'<rect x="{shape.x:g}" y="{shape.y:g}" width="{shape.width:g}" '
            f'height="{shape.height:g}"{corner} fill="{shape.fill}"/>'
        )
    if isinstance(shape, Dot):
        return (
            f'<circle cx="{shape.x:g}" cy="{shape.y:g}" r="{shape.radius:g}" '
            f'fill="{shape.fill}"/>'
        )
    if isinstance(shape, Line):
        weight = ' font-weight="700"' if shape.is_bold else ""
        anchor = ' text-anchor="middle"' if shape.is_centered else ""
        return (
            f'<text x="{shape.x:.2f}" y="{shape.y:g}" font-size="{shape.size:.2f}"'
            f'{weight}{anchor} fill="{shape.fill}">{escape(shape.text)}</text>'
        )
    module = shape.side / shape.modules
    path = "".join(f"M{x} {y}h{run}v1h-{run}z" for x, y, run in shape.runs)
    return (
        f'<path transform="translate({shape.x:.4f} {shape.y:.4f}) scale({module:.6f})" '
        f'shape-rendering="crispEdges" fill="{shape.fill}" d="{path}"/>'
    )


def _pdf(canvas: Canvas, shape: Shape) -> None:
    canvas.setFillColor(HexColor(shape.fill))
    if isinstance(shape, Box):
        bottom = HEIGHT - shape.y - shape.height
        if shape.radius:
            canvas.roundRect(
                shape.x, bottom, shape.width, shape.height, shape.radius, 0, 1
            )
        else:
            canvas.rect(shape.x, bottom, shape.width, shape.height, 0, 1)
    elif isinstance(shape, Dot):
        canvas.circle(shape.x, HEIGHT - shape.y, shape.radius, 0, 1)
    elif isinstance(shape, Line):
        canvas.setFont(shape.font, shape.size)
        write = canvas.drawCentredString if shape.is_centered else canvas.drawString
        write(shape.x, HEIGHT - shape.y, shape.text)
    else:
        _pdf_code(canvas, shape)


def _pdf_code(canvas: Canvas, code: Code) -> None:
    module = code.side / code.modules
    path = canvas.beginPath()
    for x, y, run in code.runs:
        path.rect(
            code.x + x * module,
            HEIGHT - code.y - (y + 1) * module,
            run * module,
            module,
        )
    canvas.drawPath(path, 0, 1)
