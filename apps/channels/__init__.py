"""Messages on their way out: connections, deliveries and their attempts, limits, the sending itself.

May import providers, events, workspaces and what lies below. Never a run, a workflow or a notification: plain ids.
"""
