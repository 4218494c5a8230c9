"""I name what is found by code rather than by words: numbers, addresses, blanks, moments, what a message seems to be."""

from __future__ import annotations

LONG = ("phone", "odd_phone", "landline", "hotline", "qq_number", "card", "card_like", "identity", "order_number")
OPEN = ("amount", "some_number")
LATIN = ("handle", "id_like")
NET = ("url_own", "url_platform", "url_foreign", "email")
FORM = ("placeholder",)
STATE = ("at_night", "pushing")
SEEMS_GRAVE = (
    "seems_contact",
    "seems_offsite_payment",
    "seems_paid_review",
    "seems_insult",
    "seems_diversion",
    "seems_link",
    "seems_credential",
    "seems_impersonation",
    "seems_bank",
    "seems_privacy",
    "seems_illegal",
    "seems_threat",
    "seems_email",
    "seems_qr",
    "seems_cure",
)
SEEMS_MINOR = (
    "seems_absolute",
    "seems_promise",
    "seems_cold",
    "seems_refusal",
    "seems_steering",
    "seems_confirm_first",
    "seems_disparage",
    "seems_bare_phone",
    "seems_medical",
    "seems_pressing",
)
SEEMS = (*SEEMS_GRAVE, *SEEMS_MINOR)
GROUPS = (LONG, OPEN, LATIN, NET, FORM, STATE, SEEMS)
FOUND = frozenset((*LONG, *OPEN, *LATIN, *NET, *FORM))
SLOTS = (*LONG, *OPEN, *LATIN, *NET, *FORM, *STATE, *SEEMS)
