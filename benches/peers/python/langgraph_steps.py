"""LangGraph on a graph of steps that do nothing, timed for `peers_graphs`.

Started with `fan` or `chain` and a number of steps; speaks as `turns` says.
"""

import operator
import sys
from typing import Annotated, TypedDict

from langgraph.graph import END, START, StateGraph
from turns import serve


class State(TypedDict):
    """How many steps ran: each adds one."""

    ran: Annotated[int, operator.add]


def step(_state: State) -> dict:
    return {"ran": 1}


def build(kind: str, steps: int):
    """A compiled graph: steps that need nothing, or each the one before."""
    graph = StateGraph(State)
    names = [f"s{number}" for number in range(steps)]
    for name in names:
        graph.add_node(name, step)
    if kind == "fan":
        for name in names:
            graph.add_edge(START, name)
            graph.add_edge(name, END)
    else:
        for before, after in zip([START, *names], [*names, END]):
            graph.add_edge(before, after)
    return graph.compile()


def main() -> None:
    kind, steps = sys.argv[1], int(sys.argv[2])
    graph = build(kind, steps)
    # Its own limit on supersteps, of which a chain takes one a step.
    config = {"recursion_limit": steps + 10}

    def run() -> None:
        ran = graph.invoke({"ran": 0}, config)["ran"]
        assert ran == steps, f"{ran} of {steps} steps ran"

    serve(run)


if __name__ == "__main__":
    main()
