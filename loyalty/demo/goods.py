"""What the source's articles are called in the demo club.

Departments get Swedish group names, because rules and reports name groups; article and
category names stay the source's English, written as names are.
"""

from dataclasses import dataclass
from decimal import Decimal

from loyalty.demo.journey import Article

FOOD_TAX = Decimal("12.00")
OTHER_TAX = Decimal("25.00")
OTHER_GROUP = "Övrigt"
TOBACCO = "Tobak"
ALCOHOL = "Vin och sprit"
FUEL = "Drivmedel"
HOUSEHOLD = "Hem och hygien"
# The law limits how tobacco and alcohol are marketed in Sweden: a believable club does
# not reward them.
EXCLUDED_GROUPS = (TOBACCO, ALCOHOL)

GROUP_OF_DEPARTMENT = {
    "GROCERY": "Skafferi och kyl",
    "DRUG GM": HOUSEHOLD,
    "PRODUCE": "Frukt och grönt",
    "MEAT-PCKGD": "Chark",
    "MEAT": "Kött",
    "DELI": "Delikatess",
    "PASTRY": "Bageri",
    "NUTRITION": "Hälsokost",
    "FUEL": FUEL,
    "SEAFOOD-PCKGD": "Fisk och skaldjur",
    "SEAFOOD": "Fisk och skaldjur",
    "SALAD BAR": "Salladsbar",
    "COSMETICS": "Kosmetik",
    "FLORAL": "Blommor",
    "SPIRITS": ALCOHOL,
    "CHEF SHOPPE": "Färdigmat",
    "RESTAURANT": "Färdigmat",
    "FROZEN GROCERY": "Fryst",
    "GARDEN CENTER": "Trädgård",
    "TRAVEL & LEISURE": "Resa och fritid",
    "AUTOMOTIVE": "Bil",
    "PHOTO & VIDEO": "Foto",
    "TOYS": "Leksaker",
}
GROUP_OF_CATEGORY = {
    "CIGARETTES": TOBACCO,
    "CIGARS": TOBACCO,
    "TOBACCO OTHER": TOBACCO,
    "SMOKING CESSATIONS": HOUSEHOLD,
    "LIQUOR": ALCOHOL,
    "DOMESTIC WINE": ALCOHOL,
    "IMPORTED WINE": ALCOHOL,
    "MISC WINE": ALCOHOL,
    "BEERS/ALES": ALCOHOL,
}
# The source tells only whether a brand is the chain's own.
BRANDS = {"Private": "Rågårda", "National": "Märkesvara"}
FUEL_TYPE = "GASOLINE"
NOT_FOOD = frozenset(
    {TOBACCO, ALCOHOL, FUEL, HOUSEHOLD, OTHER_GROUP, "Kosmetik", "Blommor", "Bil"}
    | {"Trädgård", "Resa och fritid", "Foto", "Leksaker"}
)


@dataclass(frozen=True, slots=True)
class Label:
    """An article as the demo club calls it, and the tax in its price."""

    sku: str
    name: str
    group: str
    category: str
    brand: str
    tax_percent: Decimal


def article_group(department: str | None, category: str | None, kind: str) -> str:
    """Return the Swedish group of an article."""
    if kind.startswith(FUEL_TYPE):
        return FUEL
    if category in GROUP_OF_CATEGORY:
        return GROUP_OF_CATEGORY[category]
    return GROUP_OF_DEPARTMENT.get(department or "", OTHER_GROUP)


def tax_percent(group: str) -> Decimal:
    """Return the value-added tax of a group: 12 % for food, 25 % for the rest."""
    return OTHER_TAX if group in NOT_FOOD else FOOD_TAX


def written(name: str) -> str:
    """Write a name in capitals as names are: `FRZN ICE` becomes `Frzn ice`."""
    words = " ".join(name.split()).lower()
    return words[:1].upper() + words[1:]


def article_name(sku: str, kind: str | None, category: str | None) -> str:
    """Return what stands on the receipt for an article."""
    return written(kind or category or "") or f"Artikel {sku}"


def label(article: Article) -> Label:
    """Return how the demo club calls an article of the source."""
    group = article_group(article.department, article.category, article.kind or "")
    return Label(
        sku=article.sku,
        name=article_name(article.sku, article.kind, article.category),
        group=group,
        category=written(article.category or ""),
        brand=BRANDS.get(article.brand, ""),
        tax_percent=tax_percent(group),
    )
