"""How a version comes to be Live: saving, approvals, checklists, pausing, archiving.

May import describe, dependencies and the models. Never transfer.
"""
