"""Walks a run over its drawing, and writes its place down as a value.

May import coordination, journal and models. Changes no row: claims do.
"""
