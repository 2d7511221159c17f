"""What becomes of messages starts workflows: a notification event was fired, sent, failed, skipped or is unknown.

Pure: `runs.claims.arrivals` tells it of what happened.
"""
