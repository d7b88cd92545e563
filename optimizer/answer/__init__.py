"""Answer: what a solved plan says.

``allocation`` is the spend with its bound, ``evaluation`` what it may bring by draw, ``prices`` what each binding limit
costs, ``explanation`` the same in sentences, ``worth`` what it is worth against today; ``refusals`` say why a plan has
no answer; ``verify`` holds every answer against its promises as stated before it is handed out. Begin with
``allocation``.
Imports question and solvers, not ``optimizer.plan``, which puts a question and hands out answers.
"""
