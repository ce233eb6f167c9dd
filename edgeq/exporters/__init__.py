"""Graphs to files: one module per format, chosen by the file's ending."""

from __future__ import annotations
