"""Segment: its webhook destinations, and its tracking API, so that an official SDK pointed at us works unchanged.

Pure: read by `triggers.source_ingest`, which records what it says.
"""
