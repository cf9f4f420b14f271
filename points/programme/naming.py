"""Where sentences get their names from: stores, and articles of the catalogue."""

from collections.abc import Callable, Collection, Mapping

from points.programme.sentences import Names, Place
from points.rules import EarningRule
from points.terms import Goods
from stores.models import Store

# Of a programme and article numbers: the names of those that it sells.
FindArticles = Callable[[int, Collection[str]], Mapping[str, str]]
_find_articles: list[FindArticles] = []


def register_articles(find: FindArticles) -> None:
    """Take the names of articles from here; the catalogue is in a higher room."""
    _find_articles[:] = [find]


def names_for(rule: EarningRule, *, programme_id: int) -> Names:
    """Return the names of what a rule knows by a key; asks only for what it names."""
    whens = [each.when for each in rule.terms.multipliers]
    named = [rule.terms.excluded, *(when.goods for when in whens)]
    return Names(
        stores=_stores(programme_id) if any(when.stores for when in whens) else {},
        articles=_articles(programme_id, named),
    ).with_ladder(rule.terms.ladder)


def _stores(programme_id: int) -> dict[str, Place]:
    return {
        code: Place(name, kind)
        for code, name, kind in Store.objects.filter(
            programme_id=programme_id
        ).values_list("code", "name", "kind")
    }


def _articles(programme_id: int, named: Collection[Goods]) -> dict[str, str]:
    asked = {sku for each in named for sku in each.skus}
    if not asked:
        return {}
    return {
        sku: name
        for find in _find_articles
        for sku, name in find(programme_id, asked).items()
    }
