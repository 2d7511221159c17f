"""The loop of a worker: takes what is due and gives it to its hands, when it is woken and at least each second."""

import logging
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import close_old_connections

from apps.common.gc import collect_less_often
from apps.database import bulk, group_commit, wakeups
from apps.database.clocks import DatabaseClock
from apps.egress import reach
from apps.runs.execution import jobs
from apps.runs.execution.executor import guarded
from apps.runs.worker import heartbeat, poison_guard, pools
from apps.runs.worker.poller import Clock, maintenance, take_events, take_messages, take_runs
from apps.runs.worker.watchdog import Watchdog

log = logging.getLogger(__name__)
PERIOD_S, TIDY_S = 1.0, 5.0
SWITCH_S = 0.001  # a hand waits so long for the thread that reads texts
GATHER_S = 0.01  # while awake: what comes meanwhile is taken together


class Machine:
    """One a process. Every round is a few queries for all that is due, up to the number of free hands."""

    def __init__(self, hands: int, message_hands: int) -> None:
        self._calls, self._messages = pools.call_pool(hands), pools.message_pool(message_hands)
        self._clock = DatabaseClock()
        self._heart = heartbeat.Heartbeat(self._calls, self._messages, self._clock)
        self._care = poison_guard.PoisonGuard()
        self._watchdog = Watchdog(self.drain)
        self._tidied = self._looked = self._beaten = 0.0

    def run(self, stopped: threading.Event) -> None:
        """The loop, until `stopped`; it lives on when the broker is gone, and whatever else goes wrong."""
        clock = self._clock
        collect_less_often()
        sys.setswitchinterval(SWITCH_S)
        group_commit.start()
        reach.meet(self._heart.id, self._heart.others_unreached, self._heart.tell)
        self._watchdog.watch(stopped)
        while not stopped.is_set():
            try:
                self._turn(clock, wakeups.slept(awake_s=GATHER_S, asleep_s=PERIOD_S))
                self._watchdog.came_round()
            except Exception:
                log.exception("the machine stumbled and begins anew")
                bulk.drop()
                time.sleep(PERIOD_S)

    def drain(self, seconds: float) -> bool:
        """Wait until what is in hand is done, for so long; nothing more is claimed meanwhile. False: some is not."""
        until = time.monotonic() + seconds
        both = (self._calls, self._messages)
        for pool in both:
            pool.close()
        ended = all([pool.ended(until - time.monotonic()) for pool in both])
        guarded(self._heart.end)
        return ended

    def _turn(self, clock: Clock, left: bool) -> None:
        """One time around; `left`: there is work that nobody holds."""
        if time.monotonic() - self._beaten >= heartbeat.PERIOD_S:
            self._heart.beat()  # nothing is claimed before the clock is known
            if not self._beaten and self._heart.follows_a_death():
                self._care.begin(clock())
            self._beaten = time.monotonic()
        if time.monotonic() - self._tidied >= TIDY_S:
            self._tidied = time.monotonic()
            guarded(partial(maintenance, clock))
            close_old_connections()
        everything = left or time.monotonic() - self._looked >= PERIOD_S
        self._looked = time.monotonic() if everything else self._looked
        guarded(partial(self.round, clock, everything))

    def round(self, clock: Clock, everything: bool) -> None:
        """Fill the free hands: the oldest promises first, news last."""
        if everything:
            self._fill(self._messages, lambda capacity: take_messages(clock, capacity))
        if self._care.is_taken():
            self._care.take(clock, self._calls, self._messages)
        if self._care.is_taken():
            return
        if everything:
            self._fill(self._calls, lambda capacity: take_runs(clock, capacity, self._messages))
        self._fill(self._calls, lambda capacity: take_events(clock, capacity, self._messages))

    def _fill(self, pool: pools.WorkerPool, take: Callable[[jobs.Pool], list[jobs.Job]]) -> None:
        capacity = pools.Capacity(pool)
        jobs = take(capacity)
        pool.give(jobs, more=capacity.is_used_up(jobs))


MACHINE = Machine(settings.HANDS, settings.MESSAGE_HANDS)
