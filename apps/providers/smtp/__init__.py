"""E-mail through an SMTP server.

May import the contract. Never another provider.
"""
