"""What leads where in a drawing: one pass over its edges, sets of blocks as bits of one integer."""

from collections.abc import Iterator, Set
from functools import cached_property

from apps.engine.drawing.graph import Graph


class Topology:
    """The ways of a drawing. Blocks are numbered in their order; edges that lead to no block are left out."""

    def __init__(self, graph: Graph) -> None:
        self._numbers = {n.id: i for i, n in reversed(list(enumerate(graph.nodes)))}
        self._starts = [self._numbers[t.id] for t in graph.triggers]
        self._leads: list[list[int]] = [[] for _ in graph.nodes]
        self._past: dict[int, set[int]] = {}
        for edge in graph.edges:
            if edge.source in self._numbers and edge.target in self._numbers:
                self._leads[self._numbers[edge.source]].append(self._numbers[edge.target])

    def in_order(self) -> list[str]:
        """The blocks so that each stands after all that lead to it; circles are cut."""
        names = {number: block for block, number in self._numbers.items()}
        parts = reversed(list(components(self._leads)))
        return [names[number] for part in parts for number in part if number in names]

    def reached(self) -> set[str]:
        """The blocks that can be reached from a trigger."""
        seen, todo = set(self._starts), list(self._starts)
        while todo:
            new = [n for n in self._leads[todo.pop()] if n not in seen]
            seen.update(new)
            todo += new
        return {block for block, number in self._numbers.items() if number in seen}

    def circles(self, cut: Set[str]) -> set[str]:
        """The blocks that lead back to themselves without passing one of `cut`."""
        kept = [number for block, number in self._numbers.items() if block not in cut]
        wanted = set(kept)
        leads = [[t for t in ways if t in wanted] if n in wanted else [] for n, ways in enumerate(self._leads)]
        round_trips = {n for part in components(leads) if _is_circle(part, leads) for n in part}
        return {block for block, number in self._numbers.items() if number in round_trips}

    def comes_before(self, block: str, other: str) -> bool:
        """Whether some way leads from `block` to `other`."""
        if block not in self._numbers:
            return False
        return bool(self._before[self._numbers[other]] >> self._numbers[block] & 1)

    def is_always_before(self, block: str, other: str) -> bool:
        """Whether no way from a trigger reaches `other` past `block`."""
        return self._numbers[other] not in self._reached_past(self._numbers[block])

    def _reached_past(self, cut: int) -> set[int]:
        """What the triggers reach without going through this block."""
        if cut not in self._past:
            seen, todo = {cut}, [start for start in self._starts if start != cut]
            seen.update(todo)
            while todo:
                new = [n for n in self._leads[todo.pop()] if n not in seen]
                seen.update(new)
                todo += new
            self._past[cut] = seen - {cut}
        return self._past[cut]

    @cached_property
    def _before(self) -> list[int]:
        """For each block the bits of all that come before it."""
        before = [0] * len(self._leads)
        for part in reversed(list(components(self._leads))):
            bits = sum(1 << n for n in part)
            known = 0
            for n in part:
                known |= before[n]
            known |= bits if _is_circle(part, self._leads) else 0
            for n in part:
                before[n] = known
                for target in self._leads[n]:
                    before[target] |= known | 1 << n
        return before


def _is_circle(part: list[int], leads: list[list[int]]) -> bool:
    return len(part) > 1 or part[0] in leads[part[0]]


def components(leads: list[list[int]]) -> Iterator[list[int]]:
    """The strongly connected parts (Tarjan, without recursion), each after all that it leads to."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    done: set[int] = set()
    for root in range(len(leads)):
        ways = [(root, iter(leads[root]))] if root not in order else []
        while ways:
            here, onward = ways[-1]
            if here not in order:
                order[here] = low[here] = len(order)
                stack.append(here)
            step = next((t for t in onward if t not in done), None)
            if step is None:
                ways.pop()
                if ways:
                    low[ways[-1][0]] = min(low[ways[-1][0]], low[here])
                if low[here] == order[here]:
                    part = stack[stack.index(here) :]
                    del stack[-len(part) :]
                    done.update(part)
                    yield part
            elif step in order:
                low[here] = min(low[here], order[step])
            else:
                ways.append((step, iter(leads[step])))
