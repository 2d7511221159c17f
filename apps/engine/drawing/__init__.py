"""A drawing as a graph: its problems, its shape, what it reads and needs, its samples.

May import the contract and the registry of blocks. Never a block by name.
"""
