"""Where the demo club's shops are: real towns, streets that every town has."""

import random
from dataclasses import dataclass

# Larger towns come first: they get a second shop before a small one gets its first.
SWEDISH_TOWNS = (
    "Stockholm|Göteborg|Malmö|Uppsala|Västerås|Örebro|Linköping|Helsingborg|Jönköping|"
    "Norrköping|Lund|Umeå|Gävle|Borås|Södertälje|Eskilstuna|Halmstad|Växjö|Karlstad|"
    "Sundsvall|Östersund|Trollhättan|Luleå|Borlänge|Falun|Kalmar|Kristianstad|"
    "Karlskrona|Skövde|Uddevalla|Varberg|Örnsköldsvik|Landskrona|Nyköping|Motala|"
    "Trelleborg|Lidköping|Piteå|Sandviken|Visby|Ängelholm|Falkenberg|Katrineholm|"
    "Ystad|Skellefteå|Karlskoga|Enköping|Alingsås|Härnösand|Nässjö|Mora|Kiruna|Arvika|"
    "Ludvika|Köping|Mariestad|Hässleholm|Värnamo|Vetlanda|Strängnäs|Kungsbacka|"
    "Oskarshamn|Boden|Avesta|Söderhamn|Bollnäs|Ljungby|Ronneby|Arboga|Sala|Tranås|"
    "Vänersborg|Säffle|Lysekil|Simrishamn|Åre|Gällivare|Kramfors|Leksand|Rättvik"
).split("|")
DANISH_TOWNS = (
    "København|Aarhus|Odense|Aalborg|Esbjerg|Randers|Kolding|Horsens|Vejle|Roskilde|"
    "Helsingør|Herning|Silkeborg|Næstved|Fredericia|Viborg|Køge|Holstebro|Svendborg|"
    "Sønderborg"
).split("|")
SWEDISH_STREETS = (
    "Storgatan|Kungsgatan|Drottninggatan|Järnvägsgatan|Hamngatan|Norrgatan|Skolgatan|"
    "Västergatan|Östergatan|Södergatan|Kyrkogatan|Torggatan|Bruksgatan|Strandvägen|"
    "Björkvägen|Parkgatan|Kvarngatan|Ringvägen|Fabriksgatan|Tallvägen|Idrottsvägen|"
    "Stationsgatan|Vasagatan|Linnégatan|Slottsgatan|Fiskaregatan|Trädgårdsgatan|Åsgatan"
).split("|")
DANISH_STREETS = (
    "Nørregade|Vestergade|Østergade|Søndergade|Algade|Havnegade|Jernbanegade|Kirkegade|"
    "Bredgade|Torvet|Skolegade|Strandvejen|Møllevej|Parkvej|Ringvejen|Stationsvej"
).split("|")
# Every eleventh shop of the chain is Danish.
DANISH_EVERY = 11


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shop stands."""

    street: str
    town: str


def places(count: int, seed: int) -> list[Place]:
    """Return places, no street of a town twice, the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - no secret, and it must repeat
    return [Place(street, town) for street, town in _walk(count, chance)]


def _walk(count: int, chance: random.Random) -> list[tuple[str, str]]:
    streets: dict[str, list[str]] = {}
    found: list[tuple[str, str]] = []
    swedish = danish = 0
    for number in range(1, count + 1):
        if number % DANISH_EVERY == 0:
            town, all_streets = _town(DANISH_TOWNS, danish), DANISH_STREETS
            danish += 1
        else:
            town, all_streets = _town(SWEDISH_TOWNS, swedish), SWEDISH_STREETS
            swedish += 1
        left = streets.get(town) or chance.sample(all_streets, len(all_streets))
        found.append((left.pop(), town))
        streets[town] = left
    return found


def _town(towns: list[str], number: int) -> str:
    """Walk through the towns again and again, each time only the larger half.

    So the first round gives every town a shop, and further shops go where people are.
    """
    if number < len(towns):
        return towns[number]
    return towns[(number - len(towns)) % (len(towns) // 2)]
