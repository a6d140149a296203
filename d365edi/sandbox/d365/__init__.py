"""A simulated tenant of Dynamics 365 Finance & Operations, with the Entra ID directory that guards it."""

from .simulator import CLIENT_ID, CLIENT_SECRET, TENANT, LoggedRequest, Simulator

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "TENANT", "LoggedRequest", "Simulator"]
