"""Family: what adstocks, saturations, likelihoods and priors have in common, a name and a code.

The classes that a module here defines are the registry of their kind: the plan file offers their names, the kernel
branches on their codes (:mod:`mmm.kernel.codes`), and a family that is not among them is refused.
"""

from __future__ import annotations

from abc import ABC
from typing import Any, ClassVar, Self

from attribution.errors import BadInput, Problem
from mmm.model.ranges import Bounded

__all__ = ["Family"]


class Family(Bounded, ABC):
    """One of several formulas for one thing.

    ``name`` is what a plan file calls it, ``code`` the number under which the fused kernel knows it.
    """

    name: ClassVar[str]
    code: ClassVar[int]

    @classmethod
    def families(cls) -> dict[str, type[Self]]:
        """Name -> class of every family of this kind that the kernel knows, in the order of their definition."""
        return {family.name: family for family in cls.__subclasses__() if family.__module__ == cls.__module__}

    @classmethod
    def known(cls, family: Any) -> Self:
        """The family itself, where the kernel knows it.

        Raises
        ------
        BadInput
            Where it does not, such as a class of one's own: the kernel would compute another formula for it.
        """
        classes = cls.families().values()
        if type(family) not in classes:
            listed = ", ".join(known.__name__ for known in classes)
            text = f"the kernel knows no {cls.__name__.lower()} {type(family).__name__}."
            raise BadInput(Problem("model", text, remedy=f"use one of {listed}."))
        return family  # type: ignore[no-any-return]
