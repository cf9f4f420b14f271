"""Invented people: common Swedish and Danish names put together at random."""

import random
import unicodedata
from dataclasses import dataclass

SWEDISH_FIRST = (
    "Agnes Alice Alva Amanda Andreas Anita Anna Annika Anton Arvid Astrid Axel "
    "Barbro Berit Birgitta Björn Bo Carina Cecilia Christer Clara Daniel David Ebba "
    "Edvin Elin Elisabet Elsa Emil Emma Erik Ester Eva Fanny Felix Filip Fredrik "
    "Frida Gabriel Gerd Gunilla Gunnar Gustav Göran Hanna Hans Helena Henrik "
    "Hjalmar Hugo Håkan Ida Inga Ingemar Inger Ingrid Isak Jakob Jan Jenny Johan "
    "Johanna Jonas Josef Julia Kajsa Karin Karl Katarina Kerstin Klara Kristina "
    "Lars Leif Lena Linda Linnea Linus Lisa Lovisa Lukas Magnus Maja Malin "
    "Margareta Maria Marie Martin Matilda Mikael Moa Mona Märta Nils Nina Noah "
    "Oliver Olof Oskar Per Pernilla Peter Petra Ragnar Rasmus Rebecka Robert Rolf "
    "Ronja Sara Signe Sigrid Simon Siv Sofia Stefan Stig Stina Sture Susanne Sven "
    "Svante Tage Therese Thomas Tilda Tomas Tove Tuva Ulf Ulla Ulrika Vera Viktor "
    "Viktoria Vilma Viola Åke Åsa Örjan"
).split()
SWEDISH_LAST = (
    "Ahlberg Alm Andersson Arvidsson Axelsson Berg Berggren Bergman Bergström Björk "
    "Blom Blomqvist Boström Bäckman Carlsson Claesson Dahl Dahlberg Danielsson Ek "
    "Ekholm Eklund Ekström Eliasson Engström Eriksson Falk Forsberg Forslund "
    "Fransson Fredriksson Gran Granlund Gunnarsson Gustafsson Haglund Hallberg "
    "Hansson Hedlund Hedman Hellström Henriksson Hermansson Holm Holmberg Holmgren "
    "Håkansson Isaksson Jakobsson Jansson Johansson Jonsson Jönsson Karlsson "
    "Kjellberg Larsson Lind Lindberg Lindgren Lindholm Lindqvist Lindström Ljung "
    "Lund Lundberg Lundgren Lundin Lundqvist Löfgren Magnusson Malm Mattsson Melin "
    "Moberg Månsson Mårtensson Nilsson Norberg Nordin Nordström Norén Nyberg Nyman "
    "Nyström Näslund Olofsson Olsson Palm Persson Petersson Pettersson Ros Rosén "
    "Rydberg Samuelsson Sandberg Sjöberg Sjögren Sjöström Skog Strand Strömberg "
    "Sundberg Sundström Svensson Söderberg Thorén Viklund Wallin Westberg Wiklund "
    "Winberg Åberg Åkerman Åström Öberg Öhman"
).split()
DANISH_FIRST = (
    "Aksel Anders Anne Asger Asta Birgit Bjarne Bodil Camilla Carl Christian Ditte "
    "Dorthe Ejnar Ellen Else Esben Flemming Frederik Freja Gitte Grethe Hanne Helle "
    "Henning Ib Inge Jens Jeppe Jesper Jette Johanne Jørgen Kaj Karen Kasper "
    "Kirsten Knud Lasse Laura Line Lone Mads Magnus Maja Malene Mathilde Merete "
    "Mette Mikkel Morten Nanna Niels Ole Oliver Pia Poul Rikke Rune Signe Sofie "
    "Søren Thea Tine Torben Trine Troels Ulla Vibeke Viggo"
).split()
DANISH_LAST = (
    "Andersen Bach Beck Bjerregaard Brandt Bruun Christensen Christiansen Clausen "
    "Dahl Dam Eriksen Frandsen Frederiksen Friis Gregersen Hansen Henriksen Holst "
    "Iversen Jacobsen Jensen Jeppesen Jespersen Johansen Jørgensen Kjær Kjeldsen "
    "Knudsen Kristensen Larsen Lassen Lauridsen Lund Madsen Mikkelsen Mortensen "
    "Munk Møller Nielsen Nissen Nørgaard Olesen Overgaard Paulsen Pedersen Petersen "
    "Poulsen Rasmussen Schmidt Simonsen Skov Sørensen Thomsen Thorsen Toft "
    "Vestergaard Villadsen Winther"
).split()
# Set aside for examples (RFC 2606): mail to them goes nowhere.
MAIL_DOMAINS = ("example.com", "example.org")
DANISH_SHARE = 0.08
_LETTERS = str.maketrans("æøßÆØ", "aosAO")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist."""

    first_name: str
    last_name: str
    email: str
    language: str


def ascii_letters(text: str) -> str:
    """Return a name as it stands in an address: `åsa.jørgensen` is `asa.jorgensen`."""
    split = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(letter for letter in split if letter.isascii()).lower()


def people(count: int, seed: int) -> list[Person]:
    """Return people with addresses of their own, the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - no secret, and it must repeat
    found: list[Person] = []
    taken: dict[str, int] = {}
    for _each in range(count):
        is_danish = chance.random() < DANISH_SHARE
        first = chance.choice(DANISH_FIRST if is_danish else SWEDISH_FIRST)
        last = chance.choice(DANISH_LAST if is_danish else SWEDISH_LAST)
        address = f"{ascii_letters(first)}.{ascii_letters(last)}"
        taken[address] = taken.get(address, 0) + 1
        if taken[address] > 1:
            address = f"{address}{taken[address]}"
        domain = chance.choice(MAIL_DOMAINS)
        language = "da" if is_danish else "sv"
        found.append(Person(first, last, f"{address}@{domain}", language))
    return found
