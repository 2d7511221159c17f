"""People: whom runs are about, by what they are known, and what is known of them.

`finding` makes them beside the news that is about them, `updating` changes a profile.
May import events, workspaces, database, engine and common. Never a run, a workflow or a message.
"""
