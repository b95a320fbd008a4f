from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LearningConfig(AppConfig):
    name = "learning"
    verbose_name = _("Aprendizaje")

    def ready(self) -> None:
        from accounts.signals import account_closing, time_zone_changing
        from learning.delivery import MAIL, check_deliveries
        from learning.facts import answers_of_user
        from learning.mails import write_delivered
        from learning.models import Delivery
        from learning.services.schedules import follow_time_zone, lock_all
        from metrics import rebuild
        from ops import health, outbox, pruning

        rebuild.answer_source = answers_of_user
        time_zone_changing.connect(follow_time_zone)
        account_closing.connect(lock_all)
        outbox.register(MAIL, write_delivered)
        health.register("deliveries", check_deliveries)
        pruning.register("deliveries", Delivery.objects.done, days=90)
