"""Any aggregator with an HTTP API, described by templates.

May import the contract and the engine. Never another provider.
"""
