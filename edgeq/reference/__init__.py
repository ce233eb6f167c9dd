"""Interpreters that run a graph through the operators' own definitions."""
