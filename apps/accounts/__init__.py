"""People who sign in: users, the sign-in form and its throttle.

May import adminkit, database, ingress and common. Never a workspace: who belongs where is workspaces' matter.
"""
