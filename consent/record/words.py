"""What the record and the notice say in words, beyond the labels of the registry."""

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.books import book_years
from consent.registry import DataClass, Retention, Use

Words = str | Promise

# What the law asks for in art. 32, as this house does it.
_MEASURES: tuple[Words, ...] = (
    _(
        "Each member of staff has an own account with a second factor, and roles that "
        "open only what their work needs."
    ),
    _("Contact details are masked at the desk; showing them takes a reason."),
    _(
        "Who looked at or changed what about a member is written to a trail that shows "
        "if anybody changes it."
    ),
    _(
        "Codes, links and keys are kept as hashes, addresses on block lists as keyed "
        "hashes."
    ),
    _(
        "Members prove a number or address by a code, and give a fresh code before "
        "what matters most."
    ),
    _("What is sent asks for permission again at the moment of sending."),
    _("Pages run no script from elsewhere and set no tracking cookies."),
    _(
        "Data past its time is deleted by a nightly job, and erasures are repeated "
        "after a backup is restored."
    ),
)

# In plain words, for the notice.
PLAIN_USES: dict[Use, Words] = {
    Use.MEMBERSHIP: _(
        "So that you are a member: you are found at the till, and your "
        "card and pages work."
    ),
    Use.PURCHASES: _("So that you see what you bought, and can return it."),
    Use.POINTS: _("So that you get the points and benefits that are yours."),
    Use.MESSAGES: _(
        "So that we write to you only what you want, as often as you want, "
        "and both of us can see what was sent."
    ),
    Use.PROOF: _("So that it can be shown what you agreed to and what you said no to."),
    Use.SECURITY: _(
        "So that nobody else gets at your membership, and it can be seen who did what."
    ),
    Use.WORK: _("So that our staff can do their work."),
}
PLAIN_CLASSES: dict[DataClass, Words] = {
    DataClass.KEY: _("Inner keys that hold it together"),
    DataClass.IDENTITY: _(
        "Your name, your birthday and postcode if you gave them, and "
        "your membership number"
    ),
    DataClass.CONTACT: _("Your mobile number and e-mail address"),
    DataClass.CHOICE: _("Your language, your store, and since when you are a member"),
    DataClass.PERMISSION: _(
        "What you agreed to, said no to or wished for, when and how"
    ),
    DataClass.PURCHASE: _("Your receipts, line by line"),
    DataClass.POINTS: _("The points that you earned and used"),
    DataClass.MESSAGE: _("What we wrote to you and you to us"),
    DataClass.SECRET: _("Hashes of codes and links, which nobody can read back"),
    DataClass.USE: _("When you signed in and what happened to your membership"),
    DataClass.WORK: _("What our staff did"),
}


def measures() -> list[str]:
    """Return the security measures (art. 32)."""
    return [str(each) for each in _MEASURES]


def plain_use(use: Use) -> str:
    """Say a purpose as one would to a member."""
    return str(PLAIN_USES.get(use, use.label))


def plain_class(data_class: DataClass) -> str:
    """Say a class of data as one would to a member."""
    return str(PLAIN_CLASSES.get(data_class, data_class.label))


def kept_words(retention: Retention, country: str) -> str:
    """Say how long something is kept in a country: bookkeeping law differs."""
    if retention is Retention.BOOKS:
        return gettext("%(years)s years after the financial year (bookkeeping law)") % {
            "years": book_years(country)
        }
    return str(retention.label)
