"""Pages on what is said: templates, their previews, notification events.

May import console.page and the rooms below. Never another wing of the console.
"""
