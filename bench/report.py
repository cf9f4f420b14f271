"""How the bench takes turns, and how it prints a figure beside its goal."""

import os
import statistics
import sys

from bench import client, servers

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
CLIENTS = 4


def say(text: str = "") -> None:
    """Print a line at once."""
    print(text, flush=True)


def verdict(label: str, value: float, goal: float, *, at_most: bool = False) -> None:
    """Print a figure beside its goal."""
    met = value <= goal if at_most else value >= goal
    sign = "≤" if at_most else "≥"
    outcome = "ok" if met else "NOT MET"
    say(f"  {label:<58} {value:8.2f}   goal {sign} {goal:g}   {outcome}")


def rounds(
    title: str, targets: dict[str, client.Target], pids: dict[str, int]
) -> dict[str, list[float]]:
    """Give each target a turn per round; return their rates round by round."""
    say(f"{title}: {ROUNDS} rounds of {SECONDS:g} s each, {CLIENTS} clients")
    rates: dict[str, list[float]] = {name: [] for name in targets}
    cpu: dict[str, list[float]] = {name: [] for name in targets}
    for target in targets.values():
        client.in_own_process(
            client.closed_loop, target, f"warm-{target.name}", CLIENTS, 1.0
        )
    for number in range(ROUNDS):
        for name, target in targets.items():
            before = servers.cpu_seconds(pids[name])
            result = client.in_own_process(
                client.closed_loop, target, f"{name}{number}", CLIENTS, SECONDS
            )
            if result.errors or not result.answers:
                sys.exit(f"VOID: {name} answered {result.errors} errors.")
            rates[name].append(result.rate)
            used = servers.cpu_seconds(pids[name]) - before
            cpu[name].append(used * 1000 / result.answers)
    for name, values in rates.items():
        say(
            f"  {name:<10} {statistics.median(values):8.0f}/s"
            f"   {statistics.median(cpu[name]):6.2f} CPU-ms in the web process"
        )
    return rates


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
