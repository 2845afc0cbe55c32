"""What a script of a peer says: `ready`, and for each line with a number on its input what so many runs took."""

import sys
import time
from collections.abc import Callable


def clocks() -> tuple[int, int, int]:
    return time.thread_time_ns(), time.process_time_ns(), time.perf_counter_ns()


def serve(run: Callable[[], None]) -> None:
    """Runs once, which checks the answer and warms up, and then as often as it is told; ends with its input.

    An answer is nanoseconds of the thread, the process and the wall.
    """
    run()
    print("ready", flush=True)
    for line in sys.stdin:
        before = clocks()
        for _ in range(int(line)):
            run()
        print(*(now - then for now, then in zip(clocks(), before)), flush=True)
