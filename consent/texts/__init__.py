"""The words that members agree to: written, reviewed, published, and compared.

`rules` say what a text must not do, `editing` is how people at the desk change one,
`publishing` sets up a club's first ones, `consent.renewals` asks members again.
"""

from consent.texts.publishing import default_wordings, publish, publish_defaults
from consent.texts.wording import Section, Wording, digest, sections

__all__ = [
    "Section",
    "Wording",
    "default_wordings",
    "digest",
    "publish",
    "publish_defaults",
    "sections",
]
