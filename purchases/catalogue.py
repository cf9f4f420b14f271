"""The range of goods, for rooms below that name goods (`points.programme.goods`)."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from points import rules
from points.programme.goods import Article, Kind, Named, named_in
from points.terms import Goods
from purchases.models import Product

_FIELDS = {
    Kind.CATEGORY: "category",
    Kind.GROUP: "article_group",
    Kind.BRAND: "brand",
}


class Catalogue:
    """What the products of a programme answer."""

    def search(self, programme_id: int, words: str, limit: int) -> Sequence[Named]:
        """Return categories, groups and brands that hold the words, then articles."""
        rows = _products(programme_id)
        found: list[Named] = []
        for kind, field in _FIELDS.items():
            names = rows.exclude(**{field: ""}).values_list(field, flat=True)
            if words:
                names = names.filter(**{f"{field}__icontains": words})
            few = names.order_by(Lower(field), field).distinct()[:limit]
            found += [Named(kind, name) for name in dict.fromkeys(few)]
        if words:
            found += [
                Named(Kind.SKU, each.sku, each.name)
                for each in self.articles(programme_id, words, limit)
            ]
        return found

    def articles(self, programme_id: int, words: str, limit: int) -> Sequence[Article]:
        """Return articles by the beginning of their SKU or a part of their name."""
        rows = _products(programme_id)
        if words:
            rows = rows.filter(Q(name__icontains=words) | Q(sku__startswith=words))
        return [_article(row) for row in rows.order_by("name", "sku")[:limit]]

    def find(self, programme_id: int, sku: str) -> Article | None:
        """Return the article with exactly this SKU."""
        row = _products(programme_id).filter(sku=sku).first()
        return None if row is None else _article(row)

    def labels(self, programme_id: int, skus: Sequence[str]) -> dict[str, str]:
        """Return what articles are called, by SKU."""
        return dict(names_of(programme_id, skus))

    def unknown(self, programme_id: int, goods: Goods) -> list[Named]:
        """Return the goods of which no product is; a query for each kind named."""
        return [
            each
            for kind in Kind
            if getattr(goods, kind.value)
            for each in self._unknown(programme_id, kind, goods)
        ]

    def _unknown(self, programme_id: int, kind: Kind, goods: Goods) -> Iterator[Named]:
        named = [each for each in named_in(goods) if each.kind is kind]
        rows = _products(programme_id)
        if kind is Kind.SKU:
            skus = [each.name for each in named]
            known = set(rows.filter(sku__in=skus).values_list("sku", flat=True))
            yield from (each for each in named if each.name not in known)
            return
        field = _FIELDS[kind]
        names = rows.order_by().values_list(field, flat=True).distinct()
        # Compared as the engine compares: `Gift-Card` is `giftcard`.
        known = set(map(rules.group_name, names))
        if kind is Kind.GROUP:
            known |= rules.GIFT_CARD_GROUPS
        yield from (each for each in named if rules.group_name(each.name) not in known)


def names_of(programme_id: int, skus: Collection[str]) -> Mapping[str, str]:
    """Return what articles are called, by SKU."""
    rows = _products(programme_id).filter(sku__in=list(skus))
    return dict(rows.values_list("sku", "name"))


def _products(programme_id: int) -> QuerySet[Product]:
    return Product.objects.filter(programme_id=programme_id)


def _article(row: Product) -> Article:
    return Article(
        sku=row.sku,
        name=row.name,
        group=row.article_group,
        category=row.category,
        brand=row.brand,
    )
