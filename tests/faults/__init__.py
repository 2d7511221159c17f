"""Real processes, killed on purpose; an independent checker reads what they left."""
