"""The periodic jobs of the house; `manage.py schedule_jobs` writes them."""

from dataclasses import dataclass

from django.db import transaction
from django_q.models import Schedule

# Marks the schedules that are ours to change and to remove.
_PREFIX = "job: "
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Job:
    """A task, and every how many minutes it runs."""

    task: str
    minutes: int

    @property
    def name(self) -> str:
        """Return the name of its schedule."""
        return f"{_PREFIX}{self.task}"


JOBS = [
    # Wakes come at once; this is for messages that wait for another try, and for
    # what a worker left that died.
    Job("messaging.tasks.send", minutes=1),
    Job("messaging.tasks.watch", minutes=1),
    Job("common.tasks.prune", minutes=_DAY),
    # Every hour, because months end at midnight of each programme's own zone.
    Job("points.tasks.expire", minutes=60),
    Job("points.tasks.prove", minutes=_DAY),
    # Every hour, because days begin at midnight of each club's own clock.
    Job("points.programme.tasks.tell", minutes=60),
    # Every hour, because days end at midnight of each programme's own zone.
    Job("offers.tasks.settle", minutes=60),
    # Every hour, because days begin at midnight of each club's own clock.
    Job("points.tiers.tasks.settle", minutes=60),
    Job("points.actions.tasks.follow", minutes=1),
    Job("points.actions.tasks.settle_referrals", minutes=60),
    Job("members.tasks.follow_duplicates", minutes=1),
    Job("members.tasks.gather_strays", minutes=1),
    Job("members.tasks.seal_merges", minutes=_DAY),
    # Every hour, because days end at midnight of each programme's own zone.
    Job("consent.tasks.settle_renewals", minutes=60),
    Job("portal.tasks.tell_renewals", minutes=5),
    Job("purchases.tasks.claim", minutes=1),
    # Whoever asks wakes workers at once; this goes on with what one left that died.
    Job("purchases.replay.tasks.run", minutes=1),
    # Uploads wake a worker at once; this goes on with what one left that died.
    Job("enrolment.importing.tasks.run", minutes=1),
    Job("enrolment.importing.tasks.forget", minutes=_DAY),
    Job("conversation.tasks.close", minutes=60),
    # Often: it begins at night on each club's own clock, and goes on after a stop.
    Job("consent.retention.tasks.go_on", minutes=10),
    Job("consent.retention.tasks.tell_inactive", minutes=60),
    # Often, because a reminder goes between eight and eight of the club's own clock.
    Job("enrolment.tasks.remind", minutes=15),
    Job("enrolment.tasks.erase", minutes=_DAY),
    # Members wait for the end of the day within which they could take it back.
    Job("consent.rights.tasks.erase_due", minutes=15),
]


@transaction.atomic
def write_schedule() -> int:
    """Make the schedule in the database equal to the list; return how many jobs.

    Run again, it changes nothing, and not when a job is due next either.
    """
    names = [job.name for job in JOBS]
    Schedule.objects.filter(name__startswith=_PREFIX).exclude(name__in=names).delete()
    for job in JOBS:
        Schedule.objects.update_or_create(
            name=job.name,
            defaults={
                "func": job.task,
                "schedule_type": Schedule.MINUTES,
                "minutes": job.minutes,
                "repeats": -1,
            },
        )
    return len(JOBS)
