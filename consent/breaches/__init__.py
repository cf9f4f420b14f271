"""The log of breaches of personal data, and its clock (GDPR art. 33 and 34)."""
