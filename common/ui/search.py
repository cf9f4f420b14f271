"""The search behind Ctrl-K: rooms register what can be found and done.

A provider gets the words as typed and answers with a few hits; it must be quick, since
it runs on every pause in typing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from common.ui.navigation import Text

# How many hits a group shows in the palette, and on the page of its own.
FEW = 6
MANY = 30


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found."""

    title: str
    url: str
    subtitle: str = ""
    icon: str = "arrow-right"
    tone: str = ""


Find = Callable[[HttpRequest, str, int], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Provider:
    """A kind of thing that can be found."""

    key: str
    label: Text
    find: Find
    roles: frozenset[str] = frozenset()
    order: int = 50


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be started from anywhere."""

    label: Text
    url_name: str
    icon: str
    roles: frozenset[str] = frozenset()
    keywords: Text = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of one provider."""

    key: str
    label: Text
    hits: Sequence[Hit]


_providers: dict[str, Provider] = {}
_actions: dict[str, Action] = {}


def register(
    *,
    key: str,
    label: Text,
    find: Find,
    roles: Iterable[str] = (),
    order: int = 50,
) -> None:
    """Add a kind of thing that can be found; call it in `AppConfig.ready()`.

    `find(request, words, limit)` yields hits, best first. It is asked only when
    something was typed and the person holds one of the roles.
    """
    _providers[key] = Provider(
        key=key, label=label, find=find, roles=frozenset(roles), order=order
    )


def register_action(
    *,
    label: Text,
    url_name: str,
    icon: str,
    roles: Iterable[str] = (),
    keywords: Text = "",
) -> None:
    """Add something that can be started, such as registering a member."""
    _actions[url_name] = Action(
        label=label,
        url_name=url_name,
        icon=icon,
        roles=frozenset(roles),
        keywords=keywords,
    )


def search(request: HttpRequest, words: str, *, limit: int = FEW) -> list[Found]:
    """Ask everyone who may answer; with no words, offer pages and actions alone."""
    words = " ".join(words.split())
    roles = navigation.roles_of(request)
    found = []
    if words:
        for provider in sorted(_providers.values(), key=lambda each: each.order):
            if navigation.may_see(roles, provider.roles):
                hits = list(provider.find(request, words, limit))[:limit]
                found.append(Found(provider.key, provider.label, hits))
    found += [
        Found("actions", _("Actions"), _action_hits(roles, words)[:limit]),
        Found("pages", _("Pages"), _page_hits(request, words)[: limit if words else 8]),
    ]
    return [group for group in found if group.hits]


def _action_hits(roles: frozenset[str], words: str) -> list[Hit]:
    hits = []
    for action in _actions.values():
        if not navigation.may_see(roles, action.roles):
            continue
        if not _matches(words, action.label, action.keywords):
            continue
        try:
            url = reverse(action.url_name)
        except NoReverseMatch:
            continue
        hits.append(Hit(title=str(action.label), url=url, icon=action.icon))
    return hits


def _page_hits(request: HttpRequest, words: str) -> list[Hit]:
    hits = []
    for link in navigation.links_for(request):
        group = navigation.GROUPS[link.entry.group]
        if _matches(words, link.entry.label, link.entry.keywords, group):
            hits.append(
                Hit(
                    title=str(link.entry.label),
                    subtitle=str(group),
                    url=link.url,
                    icon=link.entry.icon,
                )
            )
    return hits


def _matches(words: str, *texts: Text) -> bool:
    """Say whether every word begins a word of the texts, whatever the case."""
    known = " ".join(str(text) for text in texts).casefold().split()
    return all(
        any(word.startswith(asked) for word in known)
        for asked in words.casefold().split()
    )
