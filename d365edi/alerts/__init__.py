"""Who is told that something is the matter: incidents, the messages about them, and the channels that they go by.

    incidents.py   what was, what is found now, how much time passed → incidents that begin and end, and when a message is due
    findings.py    troubles, what needs a person, what is near its end → findings, a sentence and a command each
    message.py     the text of a message, and of the daily digest
    service.py     looks, stores, sends: the only one that waits
    mail.py webhook.py channels.py    the wires
    expiry.py dead.py                 certificates; the alert about a daemon that does not run

Knows: settings, the journal's incidents. Does not know: flows, documents, who else shows troubles.
"""
