"""What the law and plain sense say of permissions: no database, no clock."""

# The least age at which somebody consents for themself to a service online (GDPR
# art. 8(1) and each country's own law); 16 where a country has set no other. From the
# Commission's SWD(2020) 115, page 17; Denmark has raised its own from 13 to 15 since.
LEAST_AGE = {
    "AT": 14,
    "BE": 13,
    "BG": 14,
    "CY": 14,
    "CZ": 15,
    "DK": 15,
    "EE": 13,
    "ES": 14,
    "FI": 13,
    "FO": 13,
    "FR": 15,
    "GB": 13,
    "GR": 15,
    "IS": 13,
    "IT": 14,
    "LT": 14,
    "LV": 13,
    "MT": 13,
    "NO": 13,
    "PT": 13,
    "SE": 13,
    "SI": 15,
}
_UNLESS_SET = 16


def least_age(country: str) -> int:
    """Return the least age in years for consent online in a country."""
    return LEAST_AGE.get(country, _UNLESS_SET)
