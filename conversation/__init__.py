"""Talking with members by text: SMS now, other channels behind the same conversation.

Owns: conversations and the texts that came in.
May import: every room below the faces.
"""
