"""What can be done with challenges, sessions, schedules and themes. Whatever writes holds the learner's totals lock
(`metrics.services.lock_totals`), so that two requests of one learner come one after the other and never deadlock."""
