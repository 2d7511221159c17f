"""What is said to whom: notification events, templates, and the rows that hand a message to channels.

May import channels, engine, workspaces and what lies below. Never a run: plain ids.
"""
