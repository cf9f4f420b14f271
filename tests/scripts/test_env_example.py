import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(r"""env\.(?:text|flag|number|words|amount)\(\s*"(\w+)\"""")
IN_SHELL = re.compile(r"\$\{(\w+):-")


def test_every_variable_that_is_read_is_documented_and_no_other() -> None:
    settings = (ROOT / "loyalty" / "settings.py").read_text(encoding="utf-8")
    processes = (ROOT / "Procfile").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    documented = re.findall(r"^(\w+)=", example, re.MULTILINE)

    assert set(documented) == {*READ.findall(settings), *IN_SHELL.findall(processes)}
    assert len(documented) == len(set(documented))
