#!/usr/bin/env python3
"""Fetch, verify and lay out the third-party files under static/vendor.

Without arguments the pinned packages of vendor.toml are fetched with `npm pack`,
compared with their integrity strings and copied, and the icon sprite is built.
With `--check` nothing is fetched: the committed files are compared with the
checksums, which needs no npm and belongs in `make check`.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MANIFEST = HERE / "vendor.toml"
TARGET = HERE.parent / "static" / "vendor"
CHECKSUMS = "CHECKSUMS.sha256"

_OUTLINE = (
    'fill="none" stroke="currentColor" stroke-width="1.75" '
    'stroke-linecap="round" stroke-linejoin="round"'
)
_FILLED = 'fill="currentColor"'
_FRAME = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


def main() -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="verify the committed files only"
    )
    arguments = parser.parse_args()
    manifest = tomllib.loads(MANIFEST.read_text())
    if arguments.check:
        return report(problems(manifest))
    fetch(manifest)
    return report(problems(manifest))


def report(found: list[str]) -> int:
    """Print what is wrong, or that nothing is."""
    for line in found:
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(f"{len(found)} problems\n" if found else "vendored files match\n")
    return 1 if found else 0


def problems(manifest: dict[str, Any]) -> list[str]:
    """Compare static/vendor with its checksums and with vendor.toml."""
    listed: dict[str, str] = {}
    for line in (TARGET / CHECKSUMS).read_text().splitlines():
        digest, name = line.split("  ", 1)
        listed[name] = digest
    present = {path.relative_to(TARGET).as_posix(): path for path in vendored_files()}

    found = [f"missing: {name}" for name in sorted(listed.keys() - present.keys())]
    found += [f"not listed: {name}" for name in sorted(present.keys() - listed.keys())]
    found += [
        f"changed: {name}"
        for name in sorted(listed.keys() & present.keys())
        if sha256(present[name]) != listed[name]
    ]
    for package in manifest["package"]:
        found += [
            f"named in vendor.toml but not there: {target}"
            for target in package["files"].values()
            if target not in present
        ]
    return found + missing_icons(manifest)


def missing_icons(manifest: dict[str, Any]) -> list[str]:
    """Name the icons of vendor.toml that the sprite does not hold."""
    sprite = (TARGET / manifest["icons"]["file"]).read_text()
    held = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    wanted = {symbol_id(name) for name in manifest["icons"]["names"]}
    return [f"icon not in the sprite: {name}" for name in sorted(wanted - held)]


def fetch(manifest: dict[str, Any]) -> None:
    """Download every package, refuse a wrong hash, and copy what we ship."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for package in manifest["package"]:
            unpacked = unpack(package, Path(scratch))
            for source, target in package["files"].items():
                destination = TARGET / target
                destination.parent.mkdir(parents=True, exist_ok=True)
                destination.write_bytes((unpacked / source).read_bytes())
            if package["name"] == manifest["icons"]["package"]:
                (TARGET / manifest["icons"]["file"]).write_text(
                    sprite(unpacked, manifest["icons"]["names"])
                )
            sys.stdout.write(f"{package['name']} {package['version']}\n")
    (TARGET / CHECKSUMS).write_text(
        "".join(
            f"{sha256(path)}  {path.relative_to(TARGET).as_posix()}\n"
            for path in vendored_files()
        )
    )


def unpack(package: dict[str, Any], scratch: Path) -> Path:
    """Fetch one package and return the folder of its unpacked content."""
    spec = f"{package['name']}@{package['version']}"
    packed = subprocess.run(
        ["npm", "pack", "--silent", spec],
        cwd=scratch,
        check=True,
        capture_output=True,
        text=True,
    )
    archive = scratch / packed.stdout.split()[-1]
    digest = hashlib.sha512(archive.read_bytes()).digest()
    integrity = "sha512-" + base64.b64encode(digest).decode()
    if integrity != package["integrity"]:
        raise SystemExit(f"{spec}: got {integrity}, pinned is {package['integrity']}")
    folder = scratch / archive.stem
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "package"


def sprite(unpacked: Path, names: list[str]) -> str:
    """Build one SVG of symbols; `f:name` takes the filled drawing as `f-name`."""
    symbols = []
    for name in sorted(set(names)):
        filled = name.startswith("f:")
        folder = "filled" if filled else "outline"
        drawing = unpacked / "icons" / folder / f"{name.removeprefix('f:')}.svg"
        if not drawing.exists():
            raise SystemExit(f"no such icon: {name}")
        content = re.search(r"<svg[^>]*>(.*)</svg>", drawing.read_text(), re.DOTALL)
        if content is None:
            raise SystemExit(f"not an SVG drawing: {name}")
        inner = re.sub(r"\s+", " ", _FRAME.sub("", content.group(1))).strip()
        paint = _FILLED if filled else _OUTLINE
        symbols.append(
            f'<symbol id="{symbol_id(name)}" viewBox="0 0 24 24" {paint}>'
            f"{inner}</symbol>"
        )
    lines = ['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>", ""]
    return "\n".join(lines)


def symbol_id(name: str) -> str:
    """Turn an icon's name in vendor.toml into its id in the sprite."""
    return name.replace("f:", "f-")


def vendored_files() -> list[Path]:
    """List what is under static/vendor, without the checksums themselves."""
    return sorted(
        path for path in TARGET.rglob("*") if path.is_file() and path.name != CHECKSUMS
    )


def sha256(path: Path) -> str:
    """Hash one file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())
