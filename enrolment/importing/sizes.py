"""How large a file and its parts may be."""

KB, MB = 1024, 1024 * 1024

# An Excel file is packed, and reading it takes twenty times as long as text does.
EXCEL_BYTES = 20 * MB
EXCEL_UNPACKED = 300 * MB
# All texts of a workbook are held in memory while it is read.
EXCEL_TEXTS = 24 * MB
EXCEL_RATIO = 100
EXCEL_PARTS = 1000
EXCEL_ROWS = 1_048_576

LINE = 64 * KB
COLUMNS = 200
# Of one cell, as kept for a refused row.
CELL = 1000
SAMPLE = 256 * KB
PREVIEW_ROWS = 20
SAMPLE_ROWS = 500
