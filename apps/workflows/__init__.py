"""Drawings and their versions; example.py draws the one that everybody starts with.

describe ← release ← transfer. May import triggers, notifications and what lies below. Never a run.
"""
