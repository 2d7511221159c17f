"""What a process remembers, and how it forgets."""

from django.core.cache import cache

from apps.channels import doubts
from apps.database import commit_check
from apps.egress import reach, resolving
from apps.triggers import limiter, request_log


def as_a_new_process() -> None:
    """What a process remembers of its endpoints is no matter of the next case."""
    for memory in (limiter, request_log, resolving, reach, doubts, commit_check):
        memory.forget()
    cache.clear()
