"""I am the store's list of who may ask what, and its record of who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports import Note, Token
from bot.store.statements import Statements

if TYPE_CHECKING:
    from collections.abc import Sequence


class TokenRows(Statements):
    """The tables `token` and `audit`. Writes stand inside the store's transaction."""

    def add_token(self, shop: str, role: str, name: str, digest: bytes, at: int) -> int:
        """Somebody with this token may ask as `role`; its number."""
        return self._do("add_token", shop, role, name, digest, at).lastrowid or 0

    def token_of(self, digest: bytes) -> Token | None:
        """The token with this hash, if it was issued and not revoked."""
        row = self._row("token_of", digest)
        return None if row is None else Token(*row)

    def tokens(self, shop: str | None) -> Sequence[Token]:
        """All that were issued for a shop, or for all of them, revoked ones too, oldest first."""
        return [Token(*row) for row in self._rows("tokens", shop)]

    def revoke_token(self, number: int, shop: str | None, at: int) -> bool:
        """It opens nothing from now on; False if there is none of that number that does."""
        return self._do("revoke_token", at, number, shop).rowcount == 1

    def note(self, note: Note) -> None:
        """Somebody did something."""
        self._do("note", note.shop, note.at, note.who, note.what, note.about)

    def notes(self, shop: str, since: int) -> Sequence[Note]:
        """Who did what in a shop from an instant on, oldest first; what the guard's record has of people stands in it."""
        return [Note(*row) for row in self._rows("notes", shop, since)]
