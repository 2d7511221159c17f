"""The product, a package a room. Layers from top to bottom stand in pyproject.toml and docs/architecture.md.

Nothing is imported upwards; no two packages of one room import each other.
"""
