"""What computes a sweep: processes of this computer, or a Dask cluster."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from cellwright.errors import InputError
from cellwright.sim.replication import cores, workers

SCHEDULER_TIMEOUT_S = 10


@contextmanager
def sweep_workers(jobs: int | None, scheduler: str | None) -> Iterator[tuple[Executor, int]]:
    """The executor and its number of workers: local processes, or a Dask cluster.

    Raises:
        InputError: The scheduler does not answer, or has no workers.
    """
    if scheduler is None:
        with workers(jobs) as pool:
            yield pool, jobs or cores()
        return
    try:
        from distributed import Client
    except ImportError:
        raise InputError("A sweep on a Dask cluster needs Dask: install cellwright[dask].") from None
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # it logs tracebacks; the errors raised here replace them
    _check_scheduler(scheduler)
    client = Client(scheduler, timeout=SCHEDULER_TIMEOUT_S, set_as_default=False)
    with client:
        count = sum(client.nthreads().values())
        if not count:
            raise InputError(f"The Dask scheduler at {scheduler} has no workers; start some with: dask worker.")
        executor = client.get_executor()
        try:
            yield executor, count
        except KeyboardInterrupt:  # nobody waits for what was submitted
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def _check_scheduler(address: str) -> None:
    """Check the address before a client does, which gives up late and leaves a thread behind that logs errors."""
    import asyncio

    from distributed.core import rpc

    async def server_type() -> str:
        async with rpc(address) as there:
            return str((await there.identity())["type"])

    async def with_timeout() -> str:
        return await asyncio.wait_for(server_type(), SCHEDULER_TIMEOUT_S)

    try:
        found_type = asyncio.run(with_timeout())
    except Exception as error:  # another server at that port may raise anything in Dask
        raise InputError(f"No Dask scheduler answers at {address}; start one with: dask scheduler.") from error
    if found_type != "Scheduler":
        raise InputError(
            f"At {address} there is a Dask {found_type.lower()}, not a scheduler; give the scheduler's address."
        )
