"""What other systems ask of points: who has what, entries, adjustments."""
