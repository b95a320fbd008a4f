import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.models import User
from accounts.services import AlreadyRegistered, end_tokens, register
from learning.demo import EVENTS, live_a_year
from learning.models import IntensiveSession

STAFF = {"name": "Equipo de demostración", "username": "demo_staff", "email": "staff@demo.example"}
LEARNER = {"name": "Ana de demostración", "username": "demo_learner", "email": "learner@demo.example"}


class Command(BaseCommand):
    help = (
        "Add a staff user, and a learner with a year of history, and print their logins. "
        "Running it again sets new passwords and adds nothing."
    )

    def handle(self, **options: Any) -> None:
        staff, staff_password = person(STAFF, is_staff=True, is_superuser=True)
        learner, learner_password = person(LEARNER, time_zone="Europe/Madrid", language="es")
        if not IntensiveSession.objects.of_user(learner.pk).exists():
            with tqdm(total=EVENTS, desc="A year of learning", disable=options["verbosity"] == 0) as bar:
                live_a_year(learner, bar.update)
        self.stdout.write("Demonstration logins; the passwords are new, and are shown only now:")
        self.stdout.write(f"  learner  {learner.email}  {learner_password}")
        self.stdout.write(f"  staff    {staff.email}    {staff_password}")


def person(fields: dict[str, str], **more: Any) -> tuple[User, str]:
    """The demonstration's user, made or found, and their new password."""
    password = secrets.token_urlsafe(12)
    user = User.objects.filter(email=fields["email"]).first()
    if user is None:
        try:
            return register(**fields, password=password, **more), password
        except AlreadyRegistered as exc:
            raise CommandError(f"The username {fields['username']} belongs to somebody.") from exc
    user.set_password(password)
    end_tokens(user, "password")
    return user, password
