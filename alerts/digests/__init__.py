"""Turns alerts into digests: when they are due, what stands in them, how they read.

Everything here is a function of its arguments: no clock, no database, no network.
"""
