"""What imports hand to the rooms below: pages, words, personal data."""

from django.utils.translation import gettext_lazy as _

from common.ui import search as palette
from enrolment.importing import kinds, privacy
from stores.roles import Role

MAY_IMPORT = frozenset({Role.OWNER, Role.MARKETER})


def register() -> None:
    """Register everything; called once, in `AppConfig.ready()`."""
    kinds.register()
    privacy.register_all()
    palette.register_action(
        label=_("Import members"),
        url_name="importing:import-list",
        icon="upload",
        roles=MAY_IMPORT,
        keywords=_("csv excel file existing club"),
    )
