"""RudderStack: whoever uses its SDKs, or sends webhooks from it.

Pure: read by `triggers.source_ingest`, which records what it says.
"""
