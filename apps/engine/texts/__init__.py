"""Templates in Liquid: parsing, filters, tags, and what a missing value does.

May import engine.values and engine.fields. Never a block.
"""
