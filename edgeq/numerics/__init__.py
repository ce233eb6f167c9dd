"""The only arithmetic: rounding, shifting and saturating happen here and in its C twin."""
