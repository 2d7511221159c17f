"""The thought, pure: values, texts, conditions, blocks and drawings. No Django, no clock, no network.

May import common. Never a model, or anything that reads the time.
"""
