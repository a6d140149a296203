"""What to do about answers of D365 that are no success.

Knows: statuses, sentences. Does not know: requests.
"""

REGISTER = (
    "register the client id in D365 under System administration > Setup > Microsoft Entra ID applications "
    "and give its user the roles it needs"
)
"""For whom D365 does not know."""
BY_STATUS = {
    403: REGISTER,
    404: "check the entity set's name (case counts), and that the user may see it",
    412: "it was changed since it was read: read it again",
}
"""By status, where the answer itself says nothing."""


def unmark(journal: str, company: str) -> str:
    """What to do about what another journal is about to settle."""
    return (
        f"look into journal {journal} of company {company} in D365: reject this document if the same is paid there, else take "
        "the mark away there and release it"
    )
