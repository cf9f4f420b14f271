"""How Danish writes numbers and dates (Dansk Sprognævn)."""

DATE_FORMAT = "j. F Y"
SHORT_DATE_FORMAT = "d.m.Y"
DATETIME_FORMAT = "j. F Y H:i"
TIME_FORMAT = "H:i"
DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "."
NUMBER_GROUPING = 3

# The last two are ours: a day in a narrow place, without and with its year.
MONTH_DAY_FORMAT = "j. F"
SHORT_DAY_FORMAT = "j. N"
SHORT_DAY_YEAR_FORMAT = "j. N Y"
