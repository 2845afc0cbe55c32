"""LangGraph on a graph of steps that do nothing, timed for `peers_graphs`.

Started with `fan` or `chain` and a number of steps, it checks its answer, says `ready`, and then speaks as our bench binaries
do with `--turns`: for each line with a number on its input it runs the graph so many times, and answers with nanoseconds of
its thread, its process and the wall. It ends with its input.
"""

import operator
import sys
import time
from typing import Annotated, TypedDict

from langgraph.graph import END, START, StateGraph


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


def clocks() -> tuple[int, int, int]:
    return time.thread_time_ns(), time.process_time_ns(), time.perf_counter_ns()


def main() -> None:
    kind, steps = sys.argv[1], int(sys.argv[2])
    graph = build(kind, steps)
    # Its own limit on supersteps, of which a chain takes one a step.
    config = {"recursion_limit": steps + 10}

    def run() -> None:
        ran = graph.invoke({"ran": 0}, config)["ran"]
        assert ran == steps, f"{ran} of {steps} steps ran"

    run()
    print("ready", flush=True)
    for line in sys.stdin:
        before = clocks()
        for _ in range(int(line)):
            run()
        print(*(now - then for now, then in zip(clocks(), before)), flush=True)


if __name__ == "__main__":
    main()
