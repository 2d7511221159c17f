"""Vocabulary that every room speaks: values, effects, errors, ids, bounded JSON. A closed list: a test holds it.

May import the standard library and pydantic. Never Django's models, the network or another room.
"""
