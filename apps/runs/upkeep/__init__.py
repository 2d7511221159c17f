"""Looks after the machine: history of a run, retention, invariants, figures, health.

May import models, journal and claims.due. Moves no run.
"""
