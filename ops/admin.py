"""What staff see of the house itself."""

from django.contrib import admin

from ops.admin_lists import FactAdmin
from ops.models import ModelBudget


@admin.register(ModelBudget)
class ModelBudgetAdmin(FactAdmin):
    """How many calls of the model were spent, by day and payer."""

    list_display = ["day", "payer", "used"]
    ordering = ["-day", "-payer"]
