"""Posters from which people join: what they say, how they look, SVG and PDF."""

from enrolment.posters.content import Poster, poster_for
from enrolment.posters.files import to_pdf, to_svg
from enrolment.posters.layout import Paper, draw

__all__ = ["Paper", "Poster", "draw", "poster_for", "to_pdf", "to_svg"]
