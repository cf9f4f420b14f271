"""Say how far a load is: a bar on a terminal, a line now and then elsewhere."""

import time

from django.core.management.base import OutputWrapper

WIDTH = 30
# A log is not a screen: one line a few seconds is enough there.
BAR_EVERY = 0.1
LINE_EVERY = 5.0


class Progress:
    """Tells of the steps done out of a known number."""

    def __init__(self, label: str, total: int, out: OutputWrapper) -> None:
        self.label = label
        self.total = max(total, 1)
        self.out = out
        self.done = 0
        self.is_terminal = out.isatty()
        self.began = self.told = time.monotonic()

    def __call__(self, steps: int) -> None:
        """Count steps, and show it when the last showing was a while ago."""
        self.done += steps
        now = time.monotonic()
        if now - self.told >= (BAR_EVERY if self.is_terminal else LINE_EVERY):
            self.told = now
            self._show()

    def close(self) -> None:
        """Show the end, and how long it took."""
        if self.is_terminal:
            self._show()
            self.out.write("")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def _show(self) -> None:
        share = min(self.done / self.total, 1.0)
        told = f"{self.label} {self.done:,} of {self.total:,}".replace(",", " ")
        if self.is_terminal:
            full = round(share * WIDTH)
            bar = "█" * full + "░" * (WIDTH - full)
            self.out.write(f"\r{bar} {share:4.0%}  {told}\x1b[K", ending="")
        else:
            self.out.write(told)
        self.out.flush()
