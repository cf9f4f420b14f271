"""Stamp cards: their terms in one sentence, and how far members are."""
