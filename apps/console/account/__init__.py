"""What belongs to a person and to no workspace: profile, password, joining, and making a workspace.

May import the models below, page, and the example.
"""
