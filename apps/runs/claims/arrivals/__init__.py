"""What arrives at sources: it starts workflows, changes cohorts, or asks to forget somebody.

Called in the commit that marks the event dispatched. May import what `claims` may; `starting` alone calls it.
"""
