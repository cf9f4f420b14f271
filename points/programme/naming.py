"""Where sentences get their names from: stores, and articles of the catalogue."""

from collections.abc import Collection

from points.programme import goods
from points.programme.sentences import Names, Place
from points.programme.terms import Goods
from points.rules import EarningRule
from stores.models import Store


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
    found = (goods.registered().find(programme_id, sku) for sku in sorted(asked))
    return {article.sku: article.name for article in found if article}
