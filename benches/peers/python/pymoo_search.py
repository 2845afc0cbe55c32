"""pymoo's genetic algorithm on the sphere in ten dimensions, timed for `peers_search`.

Started with a number of evaluations, it checks its answer, says `ready`, and then speaks as our bench binaries do with
`--turns`: for each line with a number on its input it searches so many times, and answers with nanoseconds of its thread, its
process and the wall. It ends with its input.
"""

import sys
import time

import numpy as np
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.core.problem import Problem
from pymoo.optimize import minimize

POPULATION = 100


class Sphere(Problem):
    """Evaluated for a whole population at once, which is what pymoo is quickest at."""

    def __init__(self) -> None:
        super().__init__(n_var=10, n_obj=1, xl=-5.0, xu=5.0)

    def _evaluate(self, x, out, *args, **kwargs) -> None:
        out["F"] = np.sum(x * x, axis=1)


def clocks() -> tuple[int, int, int]:
    return time.thread_time_ns(), time.process_time_ns(), time.perf_counter_ns()


def main() -> None:
    evaluations = int(sys.argv[1])
    problem = Sphere()

    def run() -> None:
        found = minimize(problem, GA(pop_size=POPULATION), ("n_eval", evaluations), seed=1)
        spent, best = found.algorithm.evaluator.n_eval, found.F[0]
        assert spent == evaluations, f"{spent} of {evaluations} evaluations"
        assert best < 0.1, f"the best is {best}"

    run()
    print("ready", flush=True)
    for line in sys.stdin:
        before = clocks()
        for _ in range(int(line)):
            run()
        print(*(now - then for now, then in zip(clocks(), before)), flush=True)


if __name__ == "__main__":
    main()
