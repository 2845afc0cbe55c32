"""pymoo's genetic algorithm on the sphere in ten dimensions, timed for `peers_search`.

Started with a number of evaluations; speaks as `turns` says.
"""

import sys

import numpy as np
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.core.problem import Problem
from pymoo.optimize import minimize
from turns import serve

POPULATION = 100


class Sphere(Problem):
    """Evaluated for a whole population at once, which is what pymoo is quickest at."""

    def __init__(self) -> None:
        super().__init__(n_var=10, n_obj=1, xl=-5.0, xu=5.0)

    def _evaluate(self, x, out, *args, **kwargs) -> None:
        out["F"] = np.sum(x * x, axis=1)


def main() -> None:
    evaluations = int(sys.argv[1])
    problem = Sphere()

    def run() -> None:
        found = minimize(problem, GA(pop_size=POPULATION), ("n_eval", evaluations), seed=1)
        spent, best = found.algorithm.evaluator.n_eval, found.F[0]
        assert spent == evaluations, f"{spent} of {evaluations} evaluations"
        assert best < 0.1, f"the best is {best}"

    serve(run)


if __name__ == "__main__":
    main()
