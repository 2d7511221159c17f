"""Mixpanel: what its SDKs send, and cohorts that it syncs.

Pure: read by `triggers.source_ingest`, which records what it says.
"""
