"""A run in memory: its steps, its data, what it has said and what is claimed for it.

May import models and the rooms below. Never the interpreter.
"""
