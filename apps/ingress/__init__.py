"""Reading a request of the outside: its body in any encoding, its address. Not messages of people.

May import common. Never a model; `request`, `form_body` and `ip_networks` are pure.
"""
