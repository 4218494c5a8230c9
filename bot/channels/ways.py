"""I know which channel a destination belongs to: a shop's callback, or one of its tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.callback import Callback
from bot.channels.tools import Tools

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.ports import Channel, Clock, Push
    from bot.shop import Shop


class Ways:
    """All channels as one."""

    def __init__(self, shops: Mapping[str, Shop], clock: Clock, *, allow_private: bool) -> None:
        """`allow_private`: may anything be on this machine or the local network?"""
        self.callback = Callback(shops, clock, allow_private=allow_private)
        self.tools = Tools(shops, clock, allow_private=allow_private)

    def _of(self, destination: str) -> Channel:
        return self.tools if "/" in destination else self.callback

    async def deliver(self, push: Push) -> None:
        """Through the channel of its destination; raises what that raises."""
        await self._of(push.destination).deliver(push)

    def address(self, destination: str) -> str:
        """What stands for its address."""
        return self._of(destination).address(destination)

    async def close(self) -> None:
        """Let go of connections."""
        await self.callback.close()
        await self.tools.close()
