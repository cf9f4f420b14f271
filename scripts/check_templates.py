"""Hold templates and style sheets to the strict Content-Security-Policy and the tokens.

The policy has no exceptions, so a browser would silently drop an inline style, script
or handler; and a colour outside tokens.css has no dark twin.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Colours are defined here and nowhere else.
TOKENS = "tokens.css"
# Messages to members: mail programs know neither style sheets nor our policy.
MAIL = "messaging/mail"
VENDORED = "vendor"

COMMENT = re.compile(r"{% comment .*?endcomment %}|{#.*?#}|<!--.*?-->", re.DOTALL)
TEMPLATE_RULES = {
    "inline style": re.compile(r"<[^>]*?\sstyle\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    # A data block (json_script) is not a script to the policy.
    "inline script": re.compile(
        r"<script\b(?![^>]*\ssrc=)(?![^>]*application/json)", re.IGNORECASE
    ),
    "event handler": re.compile(r"<[^>]*?\son[a-z]+\s*=", re.IGNORECASE),
    "javascript: address": re.compile(r"""=\s*["']?javascript:""", re.IGNORECASE),
    "hx-on": re.compile(r"\shx-on\b", re.IGNORECASE),
    "button without type": re.compile(r"<button\b(?![^>]*\stype=)", re.IGNORECASE),
    "address outside": re.compile(
        r"""<(?:script|link|img|iframe)\b[^>]*(?:src|href)=["'](?:https?:)?//""",
        re.IGNORECASE,
    ),
}
COLOUR = re.compile(
    r"#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b(?=[^{}]*[;}])", re.IGNORECASE
)
# Comments, and addresses: url("icons.svg#fade") is no colour.
NOT_A_COLOUR = re.compile(r"/\*.*?\*/|url\(.*?\)", re.DOTALL)


def blank(match: re.Match[str]) -> str:
    """Return as many lines as the match had, so that line numbers stay true."""
    return "\n" * match[0].count("\n")


def line_of(text: str, position: int) -> int:
    """Return the line number of a position."""
    return text.count("\n", 0, position) + 1


def in_template(path: Path) -> Iterator[str]:
    """Yield what one template breaks."""
    text = COMMENT.sub(blank, path.read_text(encoding="utf-8"))
    for name, rule in TEMPLATE_RULES.items():
        for match in rule.finditer(text):
            yield f"{path.relative_to(ROOT)}:{line_of(text, match.end())}: {name}"


def in_style_sheet(path: Path) -> Iterator[str]:
    """Yield every colour of a style sheet that is not a token."""
    text = NOT_A_COLOUR.sub(blank, path.read_text(encoding="utf-8"))
    for match in COLOUR.finditer(text):
        where = f"{path.relative_to(ROOT)}:{line_of(text, match.start())}"
        yield f"{where}: colour {match[0]} outside {TOKENS}"


def problems() -> Iterator[str]:
    """Yield what any template or style sheet breaks."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        if MAIL not in path.as_posix():
            yield from in_template(path)
    for path in sorted((ROOT / "static").rglob("*.css")):
        if path.name != TOKENS and VENDORED not in path.parts:
            yield from in_style_sheet(path)


def main() -> int:
    """Print the problems, and return 1 if there are any."""
    found = list(problems())
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
