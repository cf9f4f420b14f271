"""How Danish writes numbers and dates (Dansk Sprognævn)."""

DATE_FORMAT = "j. F Y"
SHORT_DATE_FORMAT = "d.m.Y"
DATETIME_FORMAT = "j. F Y H:i"
TIME_FORMAT = "H:i"
MONTH_DAY_FORMAT = "j. M"
DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "."
NUMBER_GROUPING = 3
