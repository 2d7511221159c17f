"""Our database backend for PostgreSQL: it tells a server that must not be written to, and lets connections rest.

May import Django. Never the rest of the house.
"""
