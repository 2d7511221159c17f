"""Texts that people write with placeholders (Liquid): what they may do, how much, and what a missing value does."""
