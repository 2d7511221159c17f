"""Keeps messages here, for the test inbox.

May import the contract. Never another provider.
"""
