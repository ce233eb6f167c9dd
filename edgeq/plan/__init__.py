"""From a fixed-point graph to a plan: kernels chosen, weights packed, memory placed."""

from edgeq.plan.make import make_plan
from edgeq.plan.plan import Plan

__all__ = ["Plan", "make_plan"]
