"""The messages of the sources, read off their syntax: plain sentences and f-strings become templates.

A hole whose expression chooses among texts (``'more' if ... else 'less'``, the ``s`` of a plural) gives a template for
each choice, so that a translator sees whole sentences.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise, product
from pathlib import Path

__all__ = ["messages_of", "sources"]

_MOST = 16  # templates of one f-string; past that its choices are holes
_MARK = "\x00"
_WORD = re.compile(r"(?<![\w.\-/=\x00@])[A-Za-z][a-z’']+(?![\w\-/=(\x00@]|\.\w)")
_SILENT_CALLS = {
    "compile",
    "filterwarnings",
    "cast",
    "TypeVar",
    "import_module",
    "getattr",
    "replace_all",
    "rc_context",
    "_words",
}
_SILENT_KEYWORDS = {
    "help",
    "epilog",
    "message",
    "rich_help_panel",
    "formats",
    "loc",
    "xycoords",
    "textcoords",
    "usecols",
    "prog_name",
}
_SILENT_ROOMS = {"simulate", "kernel", "agent", "language", "curves", "model"}
_SILENT_FILES = {"reference.py", "pymc_graph.py", "no_yaml.py", "shown.py", "fit_many.py", "nuts.py"}
_SILENT_FILES |= {"usable.py", "stand_ins.py"}  # refusals of Python alone, patterns, and words of other programs
_PATTERN = re.compile(
    r"\\[a-zA-Z(.]|^<[a-z]+(?:>| [a-z-]+=)|^(SET|SELECT|FROM|<(?!\w)|<svg|class=)|^count\(|^[A-Z]\w+\(| # "
    r"|^# (?!Review)|^$|^(name|spread|by|rate|channels): [\w{]|^week_starts: "
    r"|^(name|outcome|language|geo|population|kpi|spend|controls|currencies|first_only|without_person|budget): +"
    r"[\x00\[{tn+]"
    r"|^\{path: |^, spread: |^\x00: mean$|^\x00 of revenue$"
    r"|^\{key|^(Assertion|Value) |\|.*\|.*\w+ error|\w\|\w| ORDER BY "
    r"|^(lock on file|state machine|not utf-8 encoded|has duplicate key|\(not set\)|can(not)? be|s are)$| == '"
    r"|^\(grand |^unterminated|^malformed|\[(dim|yellow)\]"
)
_COLUMN = re.compile(  # columns of platforms' exports, platforms and fonts, which nobody translates
    r"((account|campaign|ad|ad set|associated|cost micros|customer|date|deal|metrics|segments?|clicks|order|reporting"
    r"|lineitem|stat|amount|link|inline|total|close|closed|record|gregorian|time|top|bid|start|financial|refunded"
    r"|cancelled|created|paid|advertiser|ctr|cpc|avg|by day|ausgegebener|klicks)( [a-z]+){1,4}|cost micros"
    r"|currency code|by day)"
    r"|(Google|HubSpot|LinkedIn|Meta|Microsoft|Shopify|TikTok|Helvetica|DejaVu|Liberation|Noto|Source|dbt) .*"
)
_WORDLESS = (ast.Name, ast.expr_context, ast.operator, ast.cmpop, ast.unaryop, ast.boolop, ast.alias)
Choices = list[tuple[str, dict[str, bool]]]


def sources(root: Path) -> list[Path]:
    """Files whose messages people read: all but the compiled kernel, simulators and the tool server."""
    packages = (root / name for name in ("attribution", "mmm", "optimizer"))
    files = sorted(path for package in packages for path in package.rglob("*.py"))
    return [path for path in files if not _is_silent(path.relative_to(root))]


def _is_silent(path: Path) -> bool:
    return bool(set(path.parts) & _SILENT_ROOMS) or any(path.match(name) for name in _SILENT_FILES)


def messages_of(source: str) -> list[str]:
    """All messages of one source file, in order, each once."""
    tree = ast.parse(source)
    known = dict(_choices_by_name(tree))
    found: dict[str, None] = {}
    for text in _messages(tree, known):
        written = _numbered(text)
        if _is_prose(text):
            found.setdefault(written)
    return list(found)


def _is_prose(text: str) -> bool:
    """Whether a text is a message: words, and more than one of them or a word beside a hole."""
    stripped = text.strip()
    foreign = "://" in stripped or "\n  " in stripped or _PATTERN.search(stripped) or _COLUMN.fullmatch(stripped)
    return " " in stripped and bool(_WORD.search(stripped)) and not foreign


def _numbered(text: str) -> str:
    pieces = text.replace("{", "{{").replace("}", "}}").split(_MARK)
    whole = "".join(f"{piece}{{{place}}}" for place, piece in enumerate(pieces[:-1])) + pieces[-1]
    return re.sub(r"\s+", " ", whole).strip()


def _choices_by_name(tree: ast.AST) -> Iterator[tuple[str, ast.IfExp]]:
    """Names that stand for one text or another throughout the file."""
    seen: dict[str, int] = {}
    chosen: dict[str, ast.IfExp] = {}
    for node in _statements(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            seen[name] = seen.get(name, 0) + 1
            if isinstance(node.value, ast.IfExp) and _short(node.value.body) and _short(node.value.orelse):
                chosen[name] = node.value
    yield from ((name, value) for name, value in chosen.items() if seen[name] == 1)


def _statements(block: ast.AST) -> Iterator[ast.AST]:
    """All statements of a tree, and none of its many expressions."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        inner = getattr(block, field, None)
        for one in inner if isinstance(inner, list) else ():
            yield one
            yield from _statements(one)


def _short(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _choices(node: ast.AST, known: dict[str, ast.IfExp]) -> Choices | None:
    """The texts that an expression can be, each with the conditions under which; None where it is no text."""
    if isinstance(node, ast.Constant):
        return [(node.value, {})] if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return _product([_hole(part, known) for part in node.values])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _choices(node.left, known), _choices(node.right, known)
        if left is None and right is None:
            return None
        return _product([left or [(_MARK, {})], right or [(_MARK, {})]])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and _short(node.left):
        test = ast.unparse(node.right)
        return [(str(node.left.value), {test: True}), ("", {test: False})]  # type: ignore[attr-defined]
    if isinstance(node, ast.IfExp):
        test = ast.unparse(node.test)
        branches = [(_choices(part, known), told) for part, told in ((node.body, True), (node.orelse, False))]
        if any(texts is None for texts, _ in branches):
            return None
        return [(text, {**when, test: told}) for texts, told in branches for text, when in texts or ()]
    if isinstance(node, ast.Call) and _is_counted(node):
        one, *several = (str(word.value) for word in node.args[1:])  # type: ignore[attr-defined]
        test = ast.unparse(node.args[0]) + " == 1"
        return [(f"{_MARK} {one}", {test: True}), (f"{_MARK} {(several or [f'{one}s'])[0]}", {test: False})]
    if isinstance(node, ast.Name) and node.id in known:
        return _choices(known[node.id], known)
    return None


def _is_counted(node: ast.AST) -> bool:
    """Whether an expression is a number of things, in singular or plural."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "counted"
        and all(map(_short, node.args[1:]))
    )


def _hole(part: ast.AST, known: dict[str, ast.IfExp]) -> Choices:
    value = part.value if isinstance(part, ast.FormattedValue) else part
    plain = not isinstance(part, ast.FormattedValue) or (part.conversion == -1 and part.format_spec is None)
    return (_choices(value, known) if plain else None) or [(_MARK, {})]


def _product(parts: list[Choices]) -> Choices:
    found: Choices = [("", {})]
    for choices in parts:
        longer = []
        for (text, when), (more, also) in product(found, choices):
            if all(when.get(test, told) == told for test, told in also.items()):
                longer.append((text + more, {**when, **also}))
        if len(longer) > _MOST:
            longer = [(text + _MARK, when) for text, when in found]
        found = longer
    return found


def _messages(node: ast.AST, known: dict[str, ast.IfExp]) -> Iterator[str]:
    text = isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp | ast.IfExp) or _is_counted(node)
    choices = _choices(node, known) if text else None
    if choices is not None:
        yield from (text for text, _ in choices)
        if not isinstance(node, ast.Constant):
            yield from (text for part in _inside(node) for text in _messages(part, known))
        return
    for child in _spoken(node):
        yield from _messages(child, known)
    for field in ("body", "orelse"):
        block = getattr(node, field, None)
        if isinstance(block, list):
            yield from _continued(block, known)


def _continued(block: list[ast.stmt], known: dict[str, ast.IfExp]) -> Iterator[str]:
    """Texts that the statement after theirs goes on with."""
    for one, other in pairwise(block):
        if not (isinstance(one, ast.Assign) and isinstance(other, ast.AugAssign)):
            continue
        parts = [_choices(part, known) for part in (one.value, other.value)]
        if ast.unparse(one.targets[0]) == ast.unparse(other.target) and all(parts):
            yield from (text for text, _ in _product([part or [] for part in parts]))


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """Expressions in the holes of a text, which may hold texts of their own."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FormattedValue):
            value = child.value
            yield value.args[0] if isinstance(value, ast.Call) and _is_counted(value) else value
        elif isinstance(child, ast.JoinedStr | ast.BinOp | ast.IfExp):
            yield from _inside(child)
        elif not isinstance(child, ast.Constant):
            yield child


def _spoken(node: ast.AST) -> Iterable[ast.AST]:
    """Children of a node that may hold messages: no docstrings, annotations, patterns or texts of options."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return []
    if isinstance(node, ast.AnnAssign):
        return [node.value] if node.value is not None else []
    if isinstance(node, ast.FunctionDef):
        return [*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None), *node.body]
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name == "counted":
            return node.args[:1]
        if name in _SILENT_CALLS:
            return []
        return [node.func, *node.args, *(word.value for word in node.keywords if word.arg not in _SILENT_KEYWORDS)]
    if isinstance(node, ast.Subscript):
        return [node.value]
    return [child for child in ast.iter_child_nodes(node) if not isinstance(child, _WORDLESS)]
