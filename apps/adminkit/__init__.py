"""What every page of the admin shares: the site, lists that stay fast, links between rows, pagers.

May import common. Never a model of ours.
"""
