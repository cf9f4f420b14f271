"""The ladder as pyproject.toml states it for import-linter: read once, used by all."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def configuration():
    """Return the settings of import-linter."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["tool"]["importlinter"]


def layers():
    """Return the steps of the ladder, top first, each with its siblings."""
    (contract,) = [
        contract
        for contract in configuration()["contracts"]
        if contract["type"] == "layers"
    ]
    return [[room.strip() for room in step.split("|")] for step in contract["layers"]]


def ranks():
    """Return how far from the ground each room is."""
    return {
        room: height for height, step in enumerate(reversed(layers())) for room in step
    }


def may_know(room, other):
    """Tell whether a room may know another: itself, or one on a lower step."""
    return room == other or ranks()[other] < ranks()[room]
