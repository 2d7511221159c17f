"""What a block and the machine say to each other: settings, decisions, conclusions.

May import engine.values and engine.fields. Never a block.
"""
