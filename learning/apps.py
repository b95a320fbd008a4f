from django.apps import AppConfig


class LearningConfig(AppConfig):
    name = "learning"

    def ready(self) -> None:
        from learning.facts import answers_of_user
        from metrics import rebuild

        rebuild.answer_source = answers_of_user
