"""MoEngage: Streams, and the connector of a campaign, whatever shape it was given.

Pure: read by `triggers.source_ingest`, which records what it says.
"""
