"""What starts a run, pure: a folder a source, guards, signatures, well-known senders.

May import the engine's contract and values, ingress' pure parts, and common. Never Django, never each other.
"""
