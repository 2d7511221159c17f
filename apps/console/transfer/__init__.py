"""Pages that bring workflows in and copy them, with the plan of what will come.

May import console.page and the rooms below. Never another wing of the console.
"""
