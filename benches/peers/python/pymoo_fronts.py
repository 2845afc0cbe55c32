"""pymoo's NSGA-II on ZDT1 in thirty dimensions, timed for `peers_search`.

Started with a number of evaluations; speaks as `turns` says.
"""

import sys

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem
from pymoo.optimize import minimize
from turns import serve

POPULATION = 100


class Zdt1(Problem):
    """Evaluated for a whole population at once, which is what pymoo is quickest at."""

    def __init__(self) -> None:
        super().__init__(n_var=30, n_obj=2, xl=0.0, xu=1.0)

    def _evaluate(self, x, out, *args, **kwargs) -> None:
        g = 1.0 + 9.0 * np.mean(x[:, 1:], axis=1)
        out["F"] = np.column_stack([x[:, 0], g * (1.0 - np.sqrt(x[:, 0] / g))])


def main() -> None:
    evaluations = int(sys.argv[1])
    problem = Zdt1()

    def run() -> None:
        found = minimize(problem, NSGA2(pop_size=POPULATION), ("n_eval", evaluations), seed=1)
        spent, worst = found.algorithm.evaluator.n_eval, found.F[:, 1].max()
        assert spent == evaluations, f"{spent} of {evaluations} evaluations"
        assert worst < 2.0, f"far from the front: {worst}"

    serve(run)


if __name__ == "__main__":
    main()
