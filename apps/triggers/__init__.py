"""Endpoints that machines call: their rows, tokens, limits, the request log, and taking a request in.

May import sources, events, workspaces and what lies below. Never a workflow or a run: plain ids.
"""
