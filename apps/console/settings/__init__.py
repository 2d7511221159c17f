"""Settings of a workspace: itself, its members, connections, secrets and API keys.

May import the models below and page. Never a workflow's drawing.
"""
