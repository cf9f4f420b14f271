"""What we say and when: sends, journeys, experiments. Holds nothing yet.

Owns: nothing until the first campaign is built.
May import: every room below it.
"""
