"""Every call that leaves: the HTTP client and its rules against SSRF, the mailer, what hides secrets in answers.

May import common. Never a model, and nobody else opens a socket.
"""
