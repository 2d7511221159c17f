"""Carries a claimed run from call to call; the only part of the machine that talks to the world.

May import claims and what lies below. Never the worker.
"""
