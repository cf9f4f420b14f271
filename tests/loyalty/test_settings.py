"""Production refuses to start half-configured."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

GOOD_KEY = "Zk3v9-QmX7pLw2TnR8sYb5HcJd6FgUaE4iOoPqWxVtKrMz0Ny1B"
PRODUCTION = {
    "STAMKUND_ENV": "production",
    "SECRET_KEY": GOOD_KEY,
    "BLIND_INDEX_KEY": GOOD_KEY[::-1],
    "ALLOWED_HOSTS": "club.example.com",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
}


def start(**changes: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        **PRODUCTION,
        **changes,
    }
    return subprocess.run(
        [sys.executable, "-c", "import loyalty.settings"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class TestProductionSettings:
    def test_start_when_everything_is_given(self) -> None:
        assert start().returncode == 0

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"SECRET_KEY": ""}, "SECRET_KEY"),
            ({"SECRET_KEY": "short"}, "SECRET_KEY"),
            ({"SECRET_KEY": "a" * 64}, "SECRET_KEY"),
            (
                {
                    "SECRET_KEY": (
                        "development-only-key-that-production-refuses-to-start-with"
                    )
                },
                "SECRET_KEY",
            ),
            ({"BLIND_INDEX_KEY": ""}, "BLIND_INDEX_KEY"),
            ({"DEBUG": "yes"}, "DEBUG"),
            (
                {"DEMO_SIGN_IN_WITHOUT_SECOND_FACTOR": "yes"},
                "DEMO_SIGN_IN_WITHOUT_SECOND_FACTOR",
            ),
            ({"MESSAGE_SIMULATOR": "yes"}, "MESSAGE_SIMULATOR"),
            ({"STAMKUND_ENV": "prod"}, "STAMKUND_ENV"),
            ({"WORKERS": "many"}, "WORKERS"),
            ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
            ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ],
    )
    def test_name_what_is_wrong_and_stop(
        self, changes: dict[str, str], named: str
    ) -> None:
        ended = start(**changes)

        assert ended.returncode != 0
        assert named in ended.stderr.splitlines()[-1]
