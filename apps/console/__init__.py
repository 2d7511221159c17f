"""The pages of ops staff beside the admin, sorted by what people do.

May import everything below. Decides nothing: it asks, shows, and calls the verbs of other rooms.
"""
