"""A simulated IBM Sterling B2B Integrator: its mailboxes over REST, and its identity server."""

from .simulator import SterlingSimulator
from .switches import Switches

__all__ = ["SterlingSimulator", "Switches"]
