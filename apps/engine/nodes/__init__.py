"""The shelf of blocks, a file a kind; `registry` finds them.

May import the contract, texts, conditions and values. Never each other.
"""
