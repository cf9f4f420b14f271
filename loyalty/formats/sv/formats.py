"""How Swedish writes numbers and dates (Språkrådet: Svenska skrivregler)."""

DATE_FORMAT = "j F Y"
SHORT_DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "j F Y H:i"
TIME_FORMAT = "H:i"
DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "\u00a0"
NUMBER_GROUPING = 3

# The last two are ours: a day in a narrow place, without and with its year.
MONTH_DAY_FORMAT = "j F"
SHORT_DAY_FORMAT = "j b"
SHORT_DAY_YEAR_FORMAT = "j b Y"
