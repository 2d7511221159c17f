"""The memory of what came in: events, the keys that make a repeat, what they can be found by.

May import workspaces, database and common. Never a run or a workflow: who reacts lies above.
"""
