"""Who owns what: workspaces, members, secrets, API keys, and the rule that nobody sees another's rows.

May import accounts, adminkit, database, egress' rule for hosts, and common.
"""
