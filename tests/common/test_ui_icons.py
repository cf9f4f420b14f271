"""The two sprites agree."""

import re
from pathlib import Path

from django.conf import settings

from common.ui.icons import CORE, CORE_SPRITE, SPRITE, href

SYMBOL = re.compile(r'<symbol id="([^"]+)".*?</symbol>', re.DOTALL)


def drawings(name):
    text = (Path(settings.BASE_DIR) / "static" / name).read_text()
    return {found[1]: found[0] for found in SYMBOL.finditer(text)}


class TestCoreSprite:
    def test_holds_what_is_said_drawn_as_in_the_big_one(self):
        core, whole = drawings(CORE_SPRITE), drawings(SPRITE)

        assert set(core) == CORE
        assert core == {name: whole[name] for name in CORE}

    def test_is_where_its_icons_come_from(self):
        assert href("home") == f"/static/{CORE_SPRITE}#home"
        assert href("database") == f"/static/{SPRITE}#database"

    def test_holds_every_icon_of_the_member_s_pages(self):
        folder = Path(settings.BASE_DIR) / "templates" / "portal"
        text = "".join(path.read_text() for path in folder.glob("*.html"))
        used = set(re.findall(r'(?:icon="|{% icon ")([a-z][a-z0-9-]*)"', text))
        # Chosen by a condition, as in the bar at the foot.
        used |= set(re.findall(r"%}([a-z][a-z-]*){%", text)) & set(drawings(SPRITE))

        assert {"f-home", "home", "gift"} <= used <= CORE
