"""What all pages share: the frame, JSON answers, filling in samples.

May import the rooms below. Never a wing of the console.
"""
