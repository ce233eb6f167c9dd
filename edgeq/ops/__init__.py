"""Operators, one file each; `base.all_ops()` finds them."""
