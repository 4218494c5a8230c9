"""I make figures of a replay: each of my modules is an observer with a part of the summary; how they count, is data."""
