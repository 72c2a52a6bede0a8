"""Which parts of a graph say the same as others: repeated blocks and the steps of recurrences.

The content of each frame (the graph, or a module's call) is a sequence of items: operations and calls of modules, in
an order in which what belongs together stands together. Where a part of the sequence stands several times in a row,
and is wired alike each time, one of its repetitions stands for all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autograd.visualize.labels import symbol
from autograd.visualize.owners import Group
from autograd.visualize.repeats import Run, find_runs
from autograd.visualize.view import PART, Graph, NodeView

PERIODS = (8, 64, 512)  # the longest period that is looked for, first the short ones: repeats within repeats
SHARED = 3  # a parameter that so many operations use is one and the same for all, such as that of a recurrence
# What does not compute does not matter when blocks are compared: the first one may have been given another layout.
LAYOUT = frozenset({"reshape", "transpose", "unstack", "moveaxis", "swapaxes", "expand_dims", "squeeze", PART})


@dataclass(slots=True, eq=False)
class Item:
    """A part of a frame's content.

    Attributes:
        key: equal for what looks the same.
        nodes: the positions of all operations in it.
        group: which module's call it is, or None.
        parts: of a run, the items of the repetition that stands for all.
        count: of a run, how many repetitions there are.
        shared: of a run, whether the repetitions use the same parameters, as the steps of a recurrence do.
        labels: of a run of one module's calls each, the labels of the first and the last call.
    """

    key: Hashable
    nodes: list[int]
    group: int | None = None
    parts: list[Item] = field(default_factory=list)
    count: int = 1
    shared: bool = False
    labels: tuple[str, str] = ("", "")


class Structure:
    """A graph as positions in its sequence of nodes.

    Attributes:
        operands: for each node the nodes that it takes, None where it takes a number or nothing.
        sources: the same without None.
        users: for each node those that take it, once for each use.
        inside: the groups in each group.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: Sequence[NodeView] = graph.nodes
        place = {node.id: i for i, node in enumerate(graph.nodes)}
        self.operands: list[list[int | None]] = [
            [place.get(x) if isinstance(x, str) else None for x in node.inputs] for node in graph.nodes
        ]
        self.sources = [[source for source in operands if source is not None] for operands in self.operands]
        self.users: list[list[int]] = [[] for _ in graph.nodes]
        for i, sources in enumerate(self.sources):
            for source in sources:
                self.users[source].append(i)
        self.inside: dict[int | None, list[int]] = defaultdict(list)  # the groups in a group
        for i, group in enumerate(graph.groups):
            self.inside[group.parent].append(i)

    def is_leaf(self, i: int) -> bool:
        """Return whether a node is no operation."""
        return self.nodes[i].op is None

    def order(self) -> list[int]:
        """Return the operations, each after its operands and, where that is possible, right before its first user.

        Of the operands, the one with the longest history comes first, so that what a step of a recurrence does with
        its own input stands with that step.
        """
        depth = [0] * len(self.nodes)
        for i, sources in enumerate(self.sources):
            depth[i] = 1 + max([depth[source] for source in sources]) if sources else 0
        order: list[int] = []
        done = [self.is_leaf(i) for i in range(len(self.nodes))]
        stack = [i for i in range(len(self.nodes)) if not self.users[i] and not done[i]][::-1]
        while stack:
            i = stack[-1]
            if done[i]:
                stack.pop()
                continue
            missing = [source for source in self.sources[i] if not done[source]]
            if missing:
                missing.sort(key=depth.__getitem__, reverse=True)
                stack += reversed(missing)  # the deepest is taken first
            else:
                done[i] = True
                order.append(i)
        return order


class Fold:
    """What stands for what.

    Attributes:
        image: for each node the position of the one that stands for it, itself where it is not folded.
        content: the items of the graph, and by group those of each module's call that is not folded away.
        steps: for each node in a run the runs around it, each with the number of the repetition, inner runs first.
    """

    def __init__(self, graph: Graph, repeats: bool = True) -> None:
        self.structure = Structure(graph)
        self.graph = graph
        self.image = list(range(len(graph)))
        self.content: dict[int | None, list[Item]] = {}
        self.steps: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._runs: list[tuple[int | None, int]] = []  # each one's frame, and which repetition stands for all
        self._keys: dict[int, int] = {}
        self._numbers: dict[Hashable, int] = {}  # of keys: short ones for what may be long
        order = self.structure.order()
        self._members = self._by_group(order)
        stack: list[int | None] = [None]
        while stack:
            group = stack.pop()
            items = self._items(group)
            self.content[group] = self._folded(items, group) if repeats else items
            stack += [item.group for item in _flat(self.content[group]) if item.group is not None]
        self._follow_images()
        self._fold_leaves()
        self._like: dict[int, list[int]] = defaultdict(list)
        for i, image in enumerate(self.image):
            self._like[image].append(i)

    # --- items ------------------------------------------------------------------------------------------------------

    def _by_group(self, order: Sequence[int]) -> dict[int | None, list[int]]:
        """Return the operations of each group, those of the groups inside it included, in order."""
        members: dict[int | None, list[int]] = defaultdict(list)
        for i in order:
            group = self.structure.nodes[i].group
            while group is not None:
                members[group].append(i)
                group = self.graph.groups[group].parent
            members[None].append(i)
        return members

    def _items(self, around: int | None) -> list[Item]:
        """Return the content of a frame; a module's call stands where its last operation does."""
        child = {i: g for g in self.structure.inside[around] for i in self._members[g]}
        last = {self._members[g][-1]: g for g in self.structure.inside[around] if self._members[g]}
        items = []
        for i in self._members[around]:
            if i not in child:
                items.append(Item(self._operation_key(i), [i]))
            elif i in last:
                items.append(Item(self._group_key(last[i]), self._members[last[i]], last[i]))
        return items

    def _operation_key(self, i: int) -> Hashable:
        """Return what an operation looks like; of its leaves only what is one and the same for many counts.

        Where the other operands come from is compared later: in the first step of a recurrence they are others.
        """
        structure = self.structure
        node = structure.nodes[i]
        shared = [
            source for source in structure.sources[i]
            if structure.nodes[source].kind == "parameter" and len(structure.users[source]) >= SHARED
        ]  # fmt: skip
        return symbol(node), node.shape, node.dtype, node.mark, tuple(shared)

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def _group_key(self, group: int) -> int:
        """Return what a module's call looks like: the class, its operations and parameters, and what it contains."""
        if group not in self._keys:
            stack = [group]
            while stack:  # those inside first
                missing = [g for g in self.structure.inside[stack[-1]] if g not in self._keys]
                if missing:
                    stack += missing
                else:
                    inner = stack.pop()
                    self._keys[inner] = self._number(self._shallow_key(inner))
        return self._keys[group]

    def _shallow_key(self, group: int) -> Hashable:
        structure = self.structure
        own: Counter[Hashable] = Counter()
        for i in self._members[group]:
            node = structure.nodes[i]
            if node.group == group and node.op not in LAYOUT:
                own[symbol(node), node.shape, node.dtype, node.mark] += 1
            for source in structure.sources[i]:
                leaf = structure.nodes[source]
                if leaf.op is None and leaf.group == group:
                    own[leaf.kind, leaf.shape, _last_name(leaf)] += 1
        inner = tuple(self._keys[g] for g in structure.inside[group])
        return _class(self.graph.groups[group]), frozenset(own.items()), inner

    # --- runs -------------------------------------------------------------------------------------------------------

    def _folded(self, items: list[Item], around: int | None) -> list[Item]:
        """Return the items, with runs in place of what repeats."""
        for longest in PERIODS:
            while len(items) > 1:
                found = self._runs_in(items, longest)
                if not found:
                    break
                items = self._replaced(items, found, around)
        return items

    def _runs_in(self, items: Sequence[Item], longest: int) -> list[Run]:
        codes: dict[Hashable, int] = {}
        sequence = [codes.setdefault(item.key, len(codes)) for item in items]
        place = {i: at for at, item in enumerate(items) for i in item.nodes}
        sources = [self._outside(item, at, place) for at, item in enumerate(items)]

        def least(start: int, period: int) -> int:
            whole = any(item.group is not None for item in items[start : start + period])
            return 2 if whole else 3  # two like operations in a row are no block

        runs = find_runs(sequence, longest, least)
        return [part for run in runs for part in _alike(run, sources, least)]

    def _outside(self, item: Item, at: int, place: Mapping[int, int]) -> frozenset[int]:
        """Return the places of the items whose values an item takes."""
        sources = self.structure.sources
        if len(item.nodes) == 1:
            return frozenset([place[source] for source in sources[item.nodes[0]] if source in place])
        found = {place[source] for i in item.nodes for source in sources[i] if source in place}
        found.discard(at)
        return frozenset(found)

    def _replaced(self, items: Sequence[Item], runs: Sequence[Run], around: int | None) -> list[Item]:
        starts = {run.start: run for run in runs}
        result = []
        at = 0
        while at < len(items):
            run = starts.get(at)
            if run is None:
                result.append(items[at])
                at += 1
                continue
            end = at + run.period * run.times
            result.append(self._run([items[k : k + run.period] for k in range(at, end, run.period)], around))
            at = end
        return result

    def _run(self, repetitions: Sequence[Sequence[Item]], around: int | None) -> Item:
        """Fold repetitions: the largest one stands for all, the first of these."""
        sizes = [sum(len(item.nodes) for item in repetition) for repetition in repetitions]
        number, chosen = len(self._runs), sizes.index(max(sizes))
        model = repetitions[chosen]
        self._runs.append((around, chosen))
        for step, repetition in enumerate(repetitions):
            for item, like in zip(repetition, model, strict=True):
                for i in item.nodes:
                    self.steps[i].append((number, step))
                if repetition is not model:
                    self._align(item, like)
        labels = ("", "")
        if len(model) == 1 and model[0].group is not None:
            ends = [repetitions[k][0].group for k in (0, -1)]
            labels = tuple(self.graph.groups[g].label for g in ends if g is not None)  # type: ignore[assignment]
        return Item(
            key=self._number(("run", tuple(item.key for item in model), len(repetitions))),
            nodes=[i for repetition in repetitions for item in repetition for i in item.nodes],
            parts=list(model), count=len(repetitions), labels=labels,
            shared=bool(self._parameters(repetitions[0]) & self._parameters(repetitions[1])),
        )  # fmt: skip

    def _parameters(self, items: Sequence[Item]) -> set[int]:
        structure = self.structure
        return {
            source for item in items for i in item.nodes for source in structure.sources[i]
            if structure.nodes[source].kind == "parameter"
        }  # fmt: skip

    def _align(self, item: Item, like: Item) -> None:
        """Let the operations of one item stand for those of another that looks the same."""
        stack = [(item, like)]
        while stack:
            item, like = stack.pop()
            if item.parts:
                stack += zip(item.parts, like.parts, strict=True)
            elif item.group is None or like.group is None:
                self.image[item.nodes[0]] = like.nodes[0]
            else:
                known = dict(self._roles(like.group))
                nearest = like.nodes[0]
                for role, i in self._roles(item.group):
                    nearest = self.image[i] = known.get(role, nearest)

    def _roles(self, group: int) -> Iterator[tuple[Hashable, int]]:
        """Yield each operation of a module's call, and before it what it is there."""
        seen: Counter[Hashable] = Counter()
        numbers: dict[int, Hashable] = {group: ()}
        stack = [group]
        while stack:
            around = stack.pop()
            for at, inner in enumerate(self.structure.inside[around]):
                numbers[inner] = (numbers[around], at)
                stack.append(inner)
        for i in self._members[group]:
            node = self.structure.nodes[i]
            role = numbers[node.group] if node.group is not None else None, node.op
            seen[role] += 1
            yield (role, seen[role]), i

    # --- images -----------------------------------------------------------------------------------------------------

    def _follow_images(self) -> None:
        """Let nothing stand for others that something else stands for."""
        for i in range(len(self.image)):
            path = []
            while self.image[i] != i:
                path.append(i)
                i = self.image[i]
            for folded in path:
                self.image[folded] = i

    def _fold_leaves(self) -> None:
        """Fold the leaves that only folded operations use: for each stands the one at the same place of the image."""
        structure, image = self.structure, self.image
        for leaf in range(len(image)):
            users = structure.users[leaf]
            if not structure.is_leaf(leaf) or not users or any(image[user] == user for user in users):
                continue
            user = users[0]
            at = structure.operands[user].index(leaf)
            others = structure.operands[image[user]]
            other = others[at] if at < len(others) else None
            if other is not None and structure.is_leaf(other):
                image[leaf] = other

    def like(self, i: int) -> Sequence[int]:
        """Return the nodes that one stands for, itself among them, in execution order."""
        return self._like[i]

    def again(self, source: int, target: int, closed: Container[int | None] = ()) -> bool:
        """Return whether a value goes from one repetition to another one of a run outside of the `closed` groups."""
        here, there = self.steps.get(source), self.steps.get(target)
        if not here or not there:
            return False
        steps = dict(here)
        return any(steps.get(run, step) != step and self._runs[run][0] not in closed for run, step in there)

    def told(self, source: int, target: int) -> bool:
        """Return whether both nodes stand in a repetition that another one stands for."""
        here, there = self.steps.get(source), self.steps.get(target)
        if not here or not there:
            return False
        return any(step != self._runs[run][1] and (run, step) in there for run, step in here)


def _flat(items: Sequence[Item]) -> Iterator[Item]:
    """Yield items and the parts of those that are runs."""
    stack = list(reversed(items))
    while stack:
        item = stack.pop()
        yield item
        stack += reversed(item.parts)


def _alike(run: Run, sources: Sequence[frozenset[int]], least: Callable[[int, int], int]) -> Iterator[Run]:
    """Yield the parts of a run whose repetitions are wired alike; in the first, what comes from before may differ."""
    period = run.period
    begin, end = run.start, run.start + period
    stop = run.start + period * run.times
    while end <= stop:
        first = end - period
        if end < stop and all(_wired_alike(at, period, begin, first, sources) for at in range(first, end)):
            end += period
            continue
        if (end - begin) // period >= least(begin, period):
            yield Run(begin, period, (end - begin) // period)
        begin, end = end, end + period


def _wired_alike(at: int, period: int, begin: int, first: int, sources: Sequence[frozenset[int]]) -> bool:
    """Return whether an item and the one a period later take what comes from the same places, or a period later.

    The same places may only be such before the run, which begins at `begin`; to the first repetition, that at `first`
    if it is `begin`, what comes from before may be anything.
    """
    here, there = sources[at], sources[at + period]
    if first == begin:
        return all(source < begin or source + period in there for source in here)
    alike = (source + period in there or (source < begin and source in there) for source in here)
    return len(here) == len(there) and all(alike)


def _class(group: Group) -> str:
    return group.label.rpartition(": ")[2]


def _last_name(leaf: NodeView) -> str:
    return (leaf.name or "").rpartition(".")[2]
