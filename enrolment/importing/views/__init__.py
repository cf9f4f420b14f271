"""The pages of an import: file, columns, check, import, result."""
