"""What several runs share: digests, throttles, waits for events, workflows started by others.

All of it runs inside the caller's transaction. May import journal and models. Never the interpreter.
"""
