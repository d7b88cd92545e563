"""plan.xlsx: the sheets in their order."""

from __future__ import annotations

from optimizer.answer.worth import Worth
from optimizer.planning.outputs.book import case_sheets as cases
from optimizer.planning.outputs.book import list_sheets as lists
from optimizer.planning.outputs.book.curves_sheet import curves_sheet, places_of
from optimizer.planning.outputs.book.decision_sheet import decision_sheet
from optimizer.planning.outputs.book.own_sheet import own_sheet
from optimizer.planning.outputs.book.sheet import Book
from optimizer.planning.outputs.book.worth_sheet import worth_sheet
from optimizer.planning.outputs.curve_points import between_points, points_by_channel
from optimizer.planning.outputs.in_language import speech_of
from optimizer.planning.stages.result import PlanResult, Run

__all__ = ["workbook"]


def workbook(run: Run, plan: PlanResult, worth: Worth) -> bytes:
    """The workbook of a run with a plan, in the language of its plan file.

    Parameters
    ----------
    run, plan, worth
        A finished run, its plan and what that is worth.
    """
    book, points = Book(run.config.name, speech_of(run.config, run)), points_by_channel(plan)
    decision_sheet(book, run, plan, worth)
    own_sheet(book, run, plan, places_of(book, points), between_points(plan, points))
    lists.channels_sheet(book, run, plan)
    lists.markets_sheet(book, run)
    lists.moves_sheet(book, run)
    cases.what_if_sheet(book, run, plan, worth)
    cases.stress_sheet(book, run)
    lists.weeks_sheet(book, run)
    cases.budgets_sheet(book, run, plan)
    worth_sheet(book, run)
    lists.tests_sheet(book, run)
    lists.checks_sheet(book, run)
    curves_sheet(book, run, points)
    return book.bytes()
