"""What a load did with the receipts it was given."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Loaded:
    """What a load did with the receipts it was given; the parts add up to `given`."""

    given: int = 0
    recorded: int = 0
    lines: int = 0
    present: int = 0
    # Receipts that were not accepted, with the code of the reason.
    refused: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: "Loaded") -> None:
        """Count what another transaction did too."""
        self.given += other.given
        self.recorded += other.recorded
        self.lines += other.lines
        self.present += other.present
        self.refused += other.refused
