"""From a plan to text: `{path: text}`, a function of the plan alone."""

from edgeq.codegen.emit import emit

__all__ = ["emit"]
