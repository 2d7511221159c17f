"""People: their list, and one person with what is known and what happened.
Each list leads through an index, at any size.
May import all that pages may; decides nothing.
"""
