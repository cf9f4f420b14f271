"""Fixed points for what a member does, in words."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from points import words
from points.programme.sentences.names import event_clause
from points.programme.sentences.saying import Kind, Sentence, Unsayable
from points.terms import Action, Per

_HOW_OFTEN: dict[Per, Callable[[int], str]] = {
    Per.ONCE: lambda _times: _("%(points)s when %(what)s, once."),
    Per.EACH: lambda _times: _("%(points)s every time %(what)s."),
    Per.DAY: lambda times: ngettext(
        "%(points)s when %(what)s, at most once a day.",
        "%(points)s when %(what)s, at most %(times)s times a day.",
        times,
    ),
    Per.WEEK: lambda times: ngettext(
        "%(points)s when %(what)s, at most once a week.",
        "%(points)s when %(what)s, at most %(times)s times a week.",
        times,
    ),
    Per.MONTH: lambda times: ngettext(
        "%(points)s when %(what)s, at most once a month.",
        "%(points)s when %(what)s, at most %(times)s times a month.",
        times,
    ),
    Per.YEAR: lambda times: ngettext(
        "%(points)s when %(what)s, at most once a year.",
        "%(points)s when %(what)s, at most %(times)s times a year.",
        times,
    ),
}


def of_action(action: Action) -> Sentence:
    """Say what something that a member does gives, and how often.

    Raises:
        Unsayable: nobody has named what is done, or it gives nothing.
    """
    what = event_clause(action.event)
    fault = ""
    if not what:
        fault = _("Nobody has said in words what %(event)s is.") % {
            "event": action.event
        }
    elif action.points <= 0:
        fault = _("An action gives at least one point.")
    elif action.times < 1:
        fault = _("An action counts at least once.")
    if fault:
        raise Unsayable(fault, Kind.ACTION, action.key)
    text = _HOW_OFTEN[action.per](action.times) % {
        "points": words.points(action.points),
        "what": what,
        "times": words.number(action.times),
    }
    counted = action.per not in (Per.ONCE, Per.EACH)
    return Sentence(
        Kind.ACTION,
        text,
        {
            "key": action.key,
            "event": action.event,
            "points": action.points,
            "per": action.per.value,
            "times": action.times if counted else None,
        },
    )
