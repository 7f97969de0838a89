"""Measurements of speed and memory, each beside what a user would pick instead."""
