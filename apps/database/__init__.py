"""How rows are written fast and safely: bulk statements, group commit, leases, wake-ups, the database's clock.

May import common. Never a model of ours.
"""
