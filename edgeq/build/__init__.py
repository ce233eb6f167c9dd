"""Compilers: from C to programs and shared libraries, and what only a compiler knows."""
