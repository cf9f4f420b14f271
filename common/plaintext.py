"""Render templates whose result is plain text: SMS, e-mail, terms."""

from collections.abc import Mapping
from typing import Any

from django.template import Context, TemplateDoesNotExist
from django.template.loader import get_template


def render(template_name: str, context: Mapping[str, Any]) -> str:
    """Render a template without escaping: nobody reads `&amp;` in an SMS.

    Never for what goes into a page.

    Raises:
        TemplateDoesNotExist: there is no such template.
    """
    template = get_template(template_name)
    # Django's wrapper always escapes; the template inside it lets us choose.
    inner = getattr(template, "template", None)
    if inner is None:
        raise TemplateDoesNotExist(template_name)
    text: str = inner.render(Context(dict(context), autoescape=False))
    return text.strip()
