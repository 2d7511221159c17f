"""A drawing in words and pictures: differences, the palette, the picture of a run's way.

May import the engine and the models. Never release.
"""
