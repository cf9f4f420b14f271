"""`python -m bench.part NAME`: run one part; DATABASE_URL names its empty database."""

import sys
from importlib import import_module

import django
from django.core.management import call_command

if __name__ == "__main__":
    django.setup()
    call_command("migrate", verbosity=0)
    import_module(f"bench.{sys.argv[1]}").main()
