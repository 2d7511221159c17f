"""Who carries messages, pure: a folder a provider, with its settings and its cases. No Django, no network.

May import the engine's values and texts, and common. Never each other.
"""
