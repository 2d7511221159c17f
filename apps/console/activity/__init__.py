"""Pages on what happened: runs, requests, captured messages, search.

May import console.page and the rooms below. Never another wing of the console.
"""
