"""Workflows as documents: export, import, copies between workspaces.

May import release, dependencies and the models.
"""
