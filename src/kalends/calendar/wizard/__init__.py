"""Setting a calendar up: what is asked in five steps, or said in one file, and what is built from it."""

from kalends.calendar.wizard.plan import Competitor, Plan, definition_of_plan, plain_plan, plan_of
from kalends.calendar.wizard.written import as_yaml, read_yaml, template_yaml

__all__ = ["Competitor", "Plan", "as_yaml", "definition_of_plan", "plain_plan", "plan_of", "read_yaml", "template_yaml"]
