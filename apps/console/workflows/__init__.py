"""Pages on a workflow: its list, versions, drawing, changes, approvals.

May import console.page, activity and transfer. Never the canvas.
"""
