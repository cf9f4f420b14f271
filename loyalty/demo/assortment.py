"""The range of the generated club: what Fjäll & Form sells, and for how much."""

from dataclasses import dataclass
from decimal import Decimal

from loyalty.demo.goods import Label

GIFT_CARDS = "Presentkort"
TAX = Decimal("25.00")
# Of a gift card nothing is tax: the goods it buys are taxed.
GIFT_CARD_TAX = Decimal("0.00")

_RANGE = """
Friluftsliv|Tält och sovsäckar|Norrsken
Tvåmanstält Ripa 3499; Sovsäck Dun 3° 1899; Liggunderlag Mossa 599; Hängmatta Lövsus 449
Friluftsliv|Ryggsäckar|Norrsken
Dagstursryggsäck 22 l 799; Vandringsryggsäck 48 l 1699; Midjeväska Stig 299
Friluftsliv|Lägerkök|Glöd
Stormkök Glöd 899; Termos 0,7 l 349; Kåsa i björk 249; Gasol 230 g 79; Matlåda Titan 329
Friluftsliv|Tillbehör|Norrsken
Pannlampa 400 lm 449; Kompass 249; Kniv Morän 399; Eldstål 149; Myggnät 129
Kläder|Jackor|Högfjäll
Skaljacka Vind 2499; Dunjacka Frost 2299; Regnjacka Barn 599; Fleece Ljung 799
Kläder|Byxor|Högfjäll
Vandringsbyxa Häll 1299; Shorts Tuva 549; Regnbyxa 699; Termobyxa Barn 449
Kläder|Underställ och strumpor|Ull & Co
Underställströja 699; Underställsbyxa 649; Raggsockor 149; Vandringsstrumpa 179
Kläder|Mössor och vantar|Ull & Co
Mössa Rim 249; Vantar Lovikka 349; Halsvärmare 199; Keps Sol 199
Skor|Kängor|Morän
Vandringskänga Sarek 1999; Vinterkänga Kiruna 1799; Gummistövel Å 699; Lågsko Stig 1299
Skor|Skovård|Morän
Kängvax 99; Iläggssulor 199; Skosnören 59
Kök|Porslin|Form 12
Mugg Lingon 129; Tallrik Lav 179; Skål Myr 149; Kanna Bäck 399; Espressokopp 99
Kök|Köksredskap|Form 12
Skärbräda ek 449; Kockkniv 899; Gjutjärnspanna 699; Smörkniv en 69; Brödkorg 249
Kök|Kökstextil|Lin & Linne
Kökshandduk linne 129; Förkläde 349; Bordslöpare 299; Grytlapp 79; Servetter 20-pack 45
Textil|Plädar och kuddar|Lin & Linne
Ullpläd Vidda 899; Kuddfodral linne 249; Innerkudde 149; Fårskinn 799
Textil|Sängkläder|Lin & Linne
Påslakanset bomull 699; Örngott 2-pack 249; Överkast 1299; Dra-på-lakan 349
Textil|Badrum|Lin & Linne
Badlakan 299; Handduk 149; Badrumsmatta 299; Morgonrock 799
Belysning|Lampor|Ljusgård
Bordslampa Toppstuga 1199; Golvlampa Tall 2199; Taklampa Is 1599; Ljusslinga 199
Belysning|Ljus|Ljusgård
Doftljus Granskog 249; Kronljus 8-pack 89; Ljusstake mässing 399; Värmeljus 50-pack 79
Förvaring|Korgar och lådor|Form 12
Spånkorg 349; Trälåda 249; Klädkrok 3-pack 129; Hatthylla 899; Skohylla 699
Inredning|Dekoration|Form 12
Vas Glaciär 449; Affisch Fjäll 199; Tavelram 30×40 179; Spegel rund 999; Krukfat 99
Inredning|Jul|Form 12
Adventsstjärna 299; Julgranskulor 6-pack 179; Gran i plåt 249; Glöggmuggar 4-pack 299
Barn|Leksaker|Lillskogen
Gosedjur Järv 249; Pussel Fjället 149; Byggklossar 349; Naturbingo 129
Barn|Utelek|Lillskogen
Snöspade 149; Stjärtlapp 69; Håv 99; Lupp 119
Presentkort|Presentkort|
Presentkort 200; Presentkort stort 500
"""
# What sells before Christmas and hardly at other times.
CHRISTMAS_CATEGORY = "Jul"


@dataclass(frozen=True, slots=True)
class Item:
    """An article on the shelf, with its price in kronor."""

    label: Label
    price: Decimal


def items() -> list[Item]:
    """Return every article of the range."""
    lines = _RANGE.strip().splitlines()
    found: list[Item] = []
    for heading, goods in zip(lines[::2], lines[1::2], strict=True):
        group, category, brand = heading.split("|")
        tax = GIFT_CARD_TAX if group == GIFT_CARDS else TAX
        for text in goods.split("; "):
            name, price = text.rsplit(" ", 1)
            sku = str(100_100 + 10 * len(found))
            label = Label(sku, name, group, category, brand, tax)
            found.append(Item(label, Decimal(price)))
    return found
