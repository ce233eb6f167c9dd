"""What machines there are: each is a file `targets/NAME.toml`."""

from edgeq.targets.target import (
    Firmware,
    Memory,
    Target,
    linker_script,
    list_targets,
    load_target,
)

__all__ = ["Firmware", "Memory", "Target", "linker_script", "list_targets", "load_target"]
