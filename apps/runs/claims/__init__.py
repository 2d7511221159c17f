"""Who may move a run, and the commits that do: claim, start, settle, reclaim, a person's verdict.

May import interpreter, coordination, journal and models. Never a call to the outside.
"""
