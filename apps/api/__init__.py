"""Endpoints of partner systems (REST): firing events and reading runs, by API key.

May import everything below. Decides nothing, and holds no rows of its own but through the rooms below.
"""
