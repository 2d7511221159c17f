"""Any HTTP request starts a run.

May import the contract, guards and challenges. Never another source.
"""
