"""Connects Dynamics 365 Finance & Operations with EDI trading partners: an asyncio daemon, one room per concern."""
