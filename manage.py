#!/usr/bin/env python
"""Run Django's management commands for Stamkund."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Point Django at the project's settings and run the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
