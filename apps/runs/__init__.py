"""The machine: runs, their journal, and the workers that move them.

models ← journal ← coordination ← interpreter ← claims ← execution ← worker; upkeep and trial stand beside.
May import everything below it. Never a page.
"""
