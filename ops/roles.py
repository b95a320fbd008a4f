"""The three roles of the staff, as Django groups: what each may do, and no more.

Made once by a migration; a superuser may then change them in the admin, and members are given there too. A superuser
may do everything, and is the only one who says who belongs to the staff.
"""

from collections.abc import Iterable

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

FACTS = [
    "learning.view_challengeschedule", "learning.view_challenge", "learning.view_delivery",
    "learning.view_userresponse", "learning.view_intensivesession", "learning.view_intensiveresponse",
    "learning.view_themeshelf", "metrics.view_sessionscore", "metrics.view_usermetrics", "metrics.view_themetotal",
    "metrics.view_modetotal", "metrics.view_daytotal", "metrics.view_answertotal", "metrics.view_answerday",
    "metrics.view_userachievement",
]  # fmt: skip
QUALITY = [
    "learning.view_questionreport", "learning.change_questionreport", "learning.retire_challenge",
    "learning.view_retiredquestion", "learning.delete_retiredquestion",
]  # fmt: skip
HELP = [
    "accounts.view_user", "accounts.deactivate_user", "accounts.reset_limits_user", "accounts.clear_cache_user",
    "accounts.view_revokedtoken", "ops.view_outboxmail", "ops.resend_outboxmail",
]  # fmt: skip
HOUSE = [
    "accounts.change_user", "learning.view_importedtable", "learning.view_importedrow", "ops.view_modelcall",
    "ops.view_modelbudget", "ops.view_staffaction", "ops.export_lists", "ops.see_operations",
]  # fmt: skip

ROLES: dict[str, list[str]] = {
    # Runs the service: everything but decisions about questions, and who is staff.
    "operator": FACTS + HELP + HOUSE,
    # Answers for the questions: the report queue, retiring and correcting. No learner's data but what hangs on them.
    "editor": ["learning.view_challenge", "ops.export_lists", *QUALITY],
    # Helps learners: sees what they did, gets them going again. No exports, no texts of notes.
    "support": FACTS + HELP,
}
APPS = ["accounts", "learning", "metrics", "ops"]


def make(names: Iterable[str] = tuple(ROLES), *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Make the roles that are not there and give each the rights it lacks; doing it twice is doing it once.

    A fresh database has no permissions yet when migrations run: they are made first.
    """
    for app in APPS:
        create_permissions(apps.get_app_config(app), verbosity=0, using=using)
    for name in names:
        group, _is_new = Group.objects.using(using).get_or_create(name=name)
        wanted = Q()
        for right in ROLES[name]:
            app, codename = right.split(".")
            wanted |= Q(content_type__app_label=app, codename=codename)
        group.permissions.add(*Permission.objects.using(using).filter(wanted))
