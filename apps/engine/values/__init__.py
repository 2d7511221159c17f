"""Values of a run and how they are read: paths, operators, numbers, moments, budgets.

May import common. Never the rest of the engine.
"""
