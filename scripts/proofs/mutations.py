"""Mutants of a module: each is the module with one small thing another than it should be."""

import ast
import copy
import functools
import importlib
import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr,
    ast.Div: ast.Mult, ast.Pow: ast.Mult,
}  # fmt: skip
_LONGEST = 90
"""Characters of a piece of code that is shown."""


class Mutant(NamedTuple):
    """One change."""

    module: str
    function: str
    """Its qualified name: of the outermost function, where it stands in one inside another."""
    line: int
    old: str
    new: str
    code: CodeType
    """Of that function, changed."""

    @property
    def name(self) -> str:
        """What identifies it, as long as the line itself does not change."""
        return f"{self.module.removeprefix('depository.')}.{self.function}: {self.old} -> {self.new}"


class _Site(NamedTuple):
    """A place and what stands there instead."""

    path: tuple[tuple[str, int | None], ...]
    """The fields, and places in lists, that lead there from the module."""
    line: int
    old: str
    new: ast.AST


def mutants(name: str) -> Iterator[Mutant]:
    """All mutants of a module's functions, in the order of its lines."""
    module = importlib.import_module(name)
    source = inspect.getsource(module)
    tree = ast.parse(source)
    for function, path in _functions(tree):
        for site in _sites(_at(tree, path), path):
            changed = copy.deepcopy(tree)
            _replace(changed, site)
            code = compile(ast.fix_missing_locations(changed), module.__file__ or name, "exec", dont_inherit=True)
            yield Mutant(name, function, site.line, _shown(site.old), _shown(_text(site.new)), _code_of(code, function))


def apply(mutant: Mutant) -> None:
    """Have this process run a mutant, wherever the function has been imported to."""
    function = _function(importlib.import_module(mutant.module), mutant.function)
    function.__code__ = mutant.code


def _functions(tree: ast.Module) -> Iterator[tuple[str, tuple[tuple[str, int | None], ...]]]:
    for place, node in enumerate(tree.body):
        if isinstance(node, ast.FunctionDef):
            yield node.name, (("body", place),)
        elif isinstance(node, ast.ClassDef):
            for inner, member in enumerate(node.body):
                if isinstance(member, ast.FunctionDef):
                    yield f"{node.name}.{member.name}", (("body", place), ("body", inner))


def _function(module: ModuleType, name: str) -> FunctionType:
    found: Any = module
    for part in name.split("."):
        found = inspect.getattr_static(found, part)
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, classmethod | staticmethod):
        found = found.__func__
    if isinstance(found, functools.cached_property):
        found = found.func
    function = inspect.unwrap(found)
    assert isinstance(function, FunctionType), f"{name} is no function"  # noqa: S101 - a mistake in here
    return function


def _code_of(code: CodeType, name: str) -> CodeType:
    for part in name.split("."):
        code = next(each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == part)
    return code


# Where something can be changed


def _sites(function: Any, path: tuple[tuple[str, int | None], ...]) -> Iterator[_Site]:
    """The places in a function's body; its decorators, defaults and annotations are not of its code."""
    for place, statement in enumerate(function.body):
        if not place and _is_text(statement):
            continue
        yield from _below(statement, (*path, ("body", place)), statement.lineno, is_text=False)


def _below(node: ast.AST, path: tuple[tuple[str, int | None], ...], line: int, *, is_text: bool) -> Iterator[_Site]:
    # what an error says is for people, and what a type is, for tools
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert):
        is_text = True
    line = getattr(node, "lineno", line)
    for new in _changes(node, is_text):
        yield _Site(path, line, _text(node), new)
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "defaults", "kw_defaults"):
            continue
        if isinstance(value, ast.AST):
            yield from _below(value, (*path, (field, None)), line, is_text=is_text)
        elif isinstance(value, list):
            for place, item in enumerate(value):
                if isinstance(item, ast.AST) and not (field == "body" and not place and _is_text(item)):
                    yield from _below(item, (*path, (field, place)), line, is_text=is_text)


def _changes(node: ast.AST, is_text: bool) -> Iterator[ast.AST]:  # noqa: PLR0912 - a case for each kind of change
    match node:
        case ast.Compare(ops=ops):
            for place, operator in enumerate(ops):
                yield _with(node, "ops", [*ops[:place], _COMPARISONS[type(operator)](), *ops[place + 1 :]])
        case ast.BoolOp(op=operator):
            yield _with(node, "op", ast.Or() if isinstance(operator, ast.And) else ast.And())
        case ast.BinOp(op=operator) if type(operator) in _OPERATORS and not is_text:
            yield _with(node, "op", _OPERATORS[type(operator)]())
        case ast.AugAssign(op=operator):
            if type(operator) in _OPERATORS:
                yield _with(node, "op", _OPERATORS[type(operator)]())
            yield ast.Pass()
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=value) if not is_text:
            yield from map(ast.Constant, _others(value))
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield ast.Return(ast.Constant(None))
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            yield _with(node, "test", ast.UnaryOp(ast.Not(), test))
        case ast.comprehension(ifs=[test, *more]):
            yield _with(node, "ifs", [ast.UnaryOp(ast.Not(), test), *more])
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.Break() | ast.Continue() | ast.Delete():
            yield ast.Pass()
        case ast.ExceptHandler(body=body) if not isinstance(body[0], ast.Raise):
            yield _with(node, "body", [ast.Raise()])


def _others(value: object) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, bytes | str) and value:
        yield value[:-1]


def _with(node: ast.AST, field: str, value: object) -> ast.AST:
    fields = {name: getattr(node, name) for name in node._fields}
    return ast.copy_location(type(node)(**{**fields, field: value}), node)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _at(tree: ast.AST, path: tuple[tuple[str, int | None], ...]) -> Any:
    found: Any = tree
    for field, place in path:
        found = getattr(found, field)
        if place is not None:
            found = found[place]
    return found


def _replace(tree: ast.AST, site: _Site) -> None:
    above = _at(tree, site.path[:-1])
    field, place = site.path[-1]
    new = copy.deepcopy(site.new)
    old = _at(tree, site.path)
    if hasattr(old, "lineno"):
        ast.copy_location(new, old)
    if place is None:
        setattr(above, field, new)
    else:
        getattr(above, field)[place] = new


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.comprehension):
        return "if " + " if ".join(map(ast.unparse, node.ifs))
    if isinstance(node, ast.If | ast.While):
        return f"{'if' if isinstance(node, ast.If) else 'while'} {ast.unparse(node.test)}"
    if isinstance(node, ast.ExceptHandler):
        return f"except {ast.unparse(node.type) if node.type else ''}: {ast.unparse(node.body[0])}"
    return ast.unparse(node)


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
