"""The canvas' page, what it asks while drawing, its trials, and its frontend.

May import console.page, activity and workflows. Never messages or transfer.
"""
