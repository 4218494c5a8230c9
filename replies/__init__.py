"""快回 knows: what a shop could say, and what it may not."""


class DataError(Exception):
    """Data files that cannot be used: `problems` names each mistake with its file and place."""

    def __init__(self, problems: list[str]) -> None:
        """`problems`: one sentence each, never empty."""
        super().__init__("\n".join(problems))
        self.problems = problems
