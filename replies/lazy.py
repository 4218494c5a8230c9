"""I am an attribute that is worked out when it is first asked for; without the lock of the library's, which took a tenth of a short text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")


class lazy(Generic[Value]):  # noqa: N801 used as a decorator
    """For objects that one thread makes and asks."""

    def __init__(self, make: Callable[[Any], Value]) -> None:
        """`make`: the method that gives the value."""
        self.make, self.name, self.__doc__ = make, "", make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        """The attribute's name."""
        self.name = name

    @overload
    def __get__(self, asked: None, owner: type) -> Self: ...
    @overload
    def __get__(self, asked: object, owner: type) -> Value: ...
    def __get__(self, asked: object | None, owner: type) -> Value | Self:
        """The value, kept where Python looks first: it is not worked out twice."""
        if asked is None:
            return self
        value = asked.__dict__[self.name] = self.make(asked)
        return value
