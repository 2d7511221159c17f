"""Amplitude: its HTTP API, so that an official SDK pointed at us works unchanged; event streaming and cohorts.

Pure: read by `triggers.source_ingest`, which records what it says.
"""
