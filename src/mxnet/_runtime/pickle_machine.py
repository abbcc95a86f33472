"""The stack machine that reads pickles: see `mxnet._runtime.pickles`.

The instructions of protocols 0 to 5 are in the table at the end; each is a method of the machine, or a line.
"""

from __future__ import annotations

import codecs
import collections
import struct
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from ..base import MXNetError
from .pickle_makers import Maker, Refused, fill_array, fill_dtype, find, key_of, make
from .pickle_weights import CONTAINERS, check_weight, size_of

_MOST_STEPS = 2_000_000  # of one program; an optimizer takes about 25 for each array
_MOST_DIGITS = 1000  # of an integer, in bytes or in decimal places
_GROWTH, _GRANT = 16, 1 << 20  # a value may weigh so many times the data, and so much more

_UINT16, _INT32, _UINT32, _UINT64, _DOUBLE = map(struct.Struct, ("<H", "<i", "<I", "<Q", ">d"))

#: Finds the class that a pickle names by module and name, or None if it is not allowed.
Classes = Callable[[str, str], type | None]

#: The functions by which Python's own pickles make objects.
_RECONSTRUCTOR, _NEW = Maker("copyreg._reconstructor"), Maker("copyreg.__newobj__")
_CONSTRUCTORS = {
    ("copy_reg", "_reconstructor"): _RECONSTRUCTOR,
    ("copyreg", "_reconstructor"): _RECONSTRUCTOR,
    ("copy_reg", "__newobj__"): _NEW,
    ("copyreg", "__newobj__"): _NEW,
}
_DICTS = (dict, collections.OrderedDict, collections.defaultdict)

#: What an instruction may raise on damaged data.
_DAMAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error)


class Machine:
    """Runs one pickle."""

    def __init__(self, data: memoryview, classes: Classes, name: str) -> None:
        self.data = data.obj if type(data.obj) is bytes and len(data.obj) == len(data) else bytes(data)
        self.name = name
        self.classes = classes
        self.position = 0
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # the stack under each MARK
        self.memo: dict[int, Any] = {}
        self.known: dict[tuple[str, str], Any] = {}
        self.allowed: set[type] = set()
        self.made: dict[int, Any] = {}  # objects of allowed classes, by id
        self.states: list[tuple[int, Any, Any]] = []  # place, object, what to fill it with
        self.limit = _GROWTH * len(self.data) + _GRANT
        self.spent = 0

    def run(self) -> Any:
        """Run the program, check what it made, fill its objects and return its value."""
        data, table, start = self.data, _TABLE, 0
        try:
            for _ in range(_MOST_STEPS):
                start = self.position
                self.position = start + 1
                code = data[start]
                if code == 46:  # STOP
                    break
                table[code](self)
            else:
                raise Refused(f"more than {_MOST_STEPS} steps")
            if len(self.stack) != 1 or self.below:
                raise Refused("it ends with another number of values than one")
        except Refused as error:
            self.fail(start, str(error))
        except IndexError:
            if self.position >= len(data):
                self.fail(start, "it is cut off")
            self.fail(start, f"instruction {data[start : start + 1]!r} lacks a value; it is damaged or no pickle")
        except KeyError:
            self.fail(start, f"instruction {data[start : start + 1]!r} is unknown; it is damaged or no pickle")
        except _DAMAGE as error:
            self.fail(start, f"instruction {data[start : start + 1]!r}: {str(error)[:200]}; it is damaged")
        value = self.stack[0]
        try:
            check_weight([value, *(state for _, _, state in self.states)], self.spent, self.limit)
        except Refused as error:
            self.fail(0, str(error))
        self.fill()
        return value

    def fail(self, place: int, problem: str) -> NoReturn:
        """Raise the error for what stands at `place`."""
        raise MXNetError(f"{self.name} at byte {place}: {problem}") from None

    # -- the data and the stack --------------------------------------------------------------------------------------
    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        end = self.position + count
        if end > len(self.data):
            raise Refused(f"{count} bytes are announced and {len(self.data) - self.position} are left; it is cut off")
        found = self.data[self.position : end]
        self.position = end
        return found

    def number(self, form: struct.Struct) -> Any:
        """Return the next number."""
        return form.unpack(self.take(form.size))[0]

    def line(self) -> bytes:
        """Return what stands before the next end of line."""
        end = self.data.find(b"\n", self.position)
        if end < 0:
            raise Refused("it is cut off")
        found = self.data[self.position : end]
        self.position = end + 1
        return found

    def text(self, form: struct.Struct | None = None) -> str:
        """Return a string of which the length stands before it."""
        return self.take(self.number(form) if form else self.take(1)[0]).decode("utf-8", "surrogatepass")

    def since_mark(self) -> list[Any]:
        """Return the values since the last MARK."""
        if not self.below:
            raise Refused("there is no mark; it is damaged or no pickle")
        items, self.stack = self.stack, self.below.pop()
        return items

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def spend(self, length: int) -> None:
        """Count memory that was not in the data."""
        self.spent += length
        if self.spent > self.limit:
            raise Refused("it makes more than its length justifies")

    # -- numbers and text --------------------------------------------------------------------------------------------
    def integer(self) -> None:
        """Read decimal digits; 00 and 01 are truth values."""
        text = self.line().rstrip(b"L")
        if len(text) > _MOST_DIGITS:
            raise Refused(f"a number of {len(text)} digits")
        self.push({b"00": False, b"01": True}.get(text) if text in (b"00", b"01") else int(text))

    def long(self, form: struct.Struct | None = None) -> None:
        """Read an integer of any length."""
        length = self.number(form) if form else self.take(1)[0]
        if not 0 <= length <= _MOST_DIGITS:
            raise Refused(f"a number of {length} bytes")
        self.push(int.from_bytes(self.take(length), "little", signed=True))

    def quoted(self) -> None:
        """Read a string of Python 2 as it was printed."""
        text = self.line().strip()
        if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in (b"'", b'"'):
            raise Refused("a string without its quotes")
        self.push(codecs.escape_decode(text[1:-1])[0].decode("latin-1"))  # type: ignore[attr-defined]

    def old_string(self, form: struct.Struct | None = None) -> None:
        """Read a string of Python 2."""
        length = self.number(form) if form else self.take(1)[0]
        if length < 0:
            raise Refused(f"a string of {length} bytes")
        self.push(self.take(length).decode("latin-1"))

    # -- containers --------------------------------------------------------------------------------------------------
    def mark(self) -> None:
        """Begin a group of values."""
        self.below.append(self.stack)
        self.stack = []

    def pop(self) -> None:
        """Drop the last value, or an empty group."""
        if self.stack:
            self.stack.pop()
        else:
            self.since_mark()

    def tuple_of(self, count: int) -> None:
        """Make a tuple of the last values."""
        if len(self.stack) < count:
            raise IndexError
        items = tuple(self.stack[-count:])
        self.stack[-count:] = [items]

    def append(self, items: list[Any]) -> None:
        """Add to the list below."""
        target = self.stack[-1]
        if type(target) is not list:
            raise Refused(f"it appends to a {type(target).__name__}")
        target.extend(items)

    def add(self) -> None:
        """Add to the set below."""
        items = self.since_mark()
        target = self.stack[-1]
        if type(target) is not set:
            raise Refused(f"it adds items to a {type(target).__name__}")
        target.update(key_of(item) for item in items)

    def set_items(self, items: list[Any]) -> None:
        """Add to the dict below."""
        target = self.stack[-1]
        if type(target) not in _DICTS or len(items) % 2:
            raise Refused(f"it adds keys and values to a {type(target).__name__}")
        for key, value in zip(items[::2], items[1::2]):
            target[key_of(key)] = value

    def push_group(self, kind: Callable[[list[Any]], Any]) -> None:
        """Make a container of the values since the last MARK."""
        items = self.since_mark()
        self.push(kind(items))

    def paired(self) -> list[Any]:
        """Take a dict from keys and values."""
        items = self.since_mark()
        self.push({})
        return items

    # -- objects -----------------------------------------------------------------------------------------------------
    def find(self, module: str, name: str) -> None:
        """Put the class or function of this name on the stack."""
        found = self.known.get((module, name))
        if found is None:
            found = find(module, name)
        if found is None:
            found = _CONSTRUCTORS.get((module, name))
        if found is None:
            found = self.classes(module, name)
            if found is None:
                raise Refused(
                    f"it asks for {module[:100]}.{name[:100]}, which is not allowed here. If that is an optimizer or "
                    "a schedule of yours, import its module before. Otherwise, and only if you trust who wrote the "
                    "data, read it with Python's pickle.loads, which runs whatever stands in it"
                )
            self.allowed.add(found)
        self.known[module, name] = found
        self.push(found)

    def named(self) -> None:
        """Take module and name from the stack."""
        name, module = self.stack.pop(), self.stack.pop()
        if type(name) is not str or type(module) is not str:
            raise Refused("a global's module and name are strings")
        self.find(module, name)

    def reduce(self) -> None:
        """Call what is named with its arguments."""
        arguments, what = self.stack.pop(), self.stack.pop()
        if type(arguments) is not tuple:
            raise Refused(f"arguments are a tuple, here is a {type(arguments).__name__}")
        if what is _NEW:
            self.new(arguments[0], arguments[1:])
        elif what is _RECONSTRUCTOR:
            if len(arguments) != 3 or arguments[1] is not object or arguments[2] is not None:
                raise Refused("it makes an object from another base than object")
            self.new(arguments[0], ())
        elif isinstance(what, type) and what in self.allowed:
            self.new(what, arguments)
        else:
            self.spend(sum(size_of(argument) for argument in arguments))
            self.push(make(what, arguments))

    def new(self, kind: Any, arguments: tuple[Any, ...]) -> None:
        """Make an object of an allowed class without running its code."""
        if not isinstance(kind, type) or kind not in self.allowed:
            raise Refused(f"it makes an object of {kind.__name__ if isinstance(kind, type) else 'what is no class'}")
        if arguments not in ((), (None,)):  # (None,): an NDArray, whose memory comes as its state
            raise Refused(f"it makes a {kind.__name__} with arguments")
        made = object.__new__(kind)
        self.made[id(made)] = made
        self.push(made)

    def build(self) -> None:
        """Keep the state of an object for later; fill arrays and dtypes."""
        state, target = self.stack.pop(), self.stack[-1]
        if id(target) in self.made:
            self.states.append((self.position - 1, target, state))
        elif isinstance(target, (np.ndarray, np.dtype)):
            if type(state) is not tuple:
                raise Refused(f"the state of a NumPy object is a tuple, here is a {type(state).__name__}")
            self.spend(sum(size_of(part) for part in state))
            (fill_array if isinstance(target, np.ndarray) else fill_dtype)(target, state)
        else:
            raise Refused(f"it sets attributes of a {type(target).__name__}")

    # -- the end -----------------------------------------------------------------------------------------------------
    def fill(self) -> None:
        """Give every object its attributes."""
        used: set[int] = set()
        for place, target, state in self.states:
            name = type(target).__name__
            if id(target) not in self.made or (isinstance(state, CONTAINERS) and id(state) in used):
                self.fail(place, f"a {name} is filled twice, or with what another object was filled with")
            del self.made[id(target)]
            used.add(id(state))
            setter = getattr(target, "__setstate__", None)
            if setter is not None:
                try:
                    setter(state)
                except MXNetError as error:
                    self.fail(place, f"the state of a {name}: {error}")
                except Exception as error:
                    problem = f"{type(error).__name__}: {error}"[:500]
                    raise MXNetError(
                        f"{self.name} at byte {place}: {name}.__setstate__ refused its state: {problem}"
                    ) from error
            elif type(state) is dict and all(type(key) is str for key in state) and hasattr(target, "__dict__"):
                target.__dict__.update(state)
            else:
                self.fail(place, f"the state of a {name} is a {type(state).__name__}, expected a dict of attributes")
        for target in self.made.values():
            if hasattr(target, "__setstate__"):
                self.fail(0, f"a {type(target).__name__} never got its state")


def _put(machine: Machine, index: int) -> None:
    if not 0 <= index < 2**32:
        raise Refused(f"it keeps a value under number {index}")
    machine.memo[index] = machine.stack[-1]


def _get(machine: Machine, index: int) -> None:
    if index not in machine.memo:
        raise Refused(f"nothing was kept under number {index}")
    machine.push(machine.memo[index])


def _decimal(machine: Machine) -> int:
    text = machine.line()
    return int(text) if len(text) <= 10 else -1


def _frame(machine: Machine) -> None:
    length = machine.number(_UINT64)
    if length > len(machine.data) - machine.position:
        raise Refused(f"a frame of {length} bytes, {len(machine.data) - machine.position} are left; it is cut off")


def _protocol(machine: Machine) -> None:
    if (version := machine.take(1)[0]) > 5:
        raise Refused(f"it is of protocol {version}; 0 to 5 are read")


def _refused(what: str) -> Callable[[Machine], None]:
    def refuse(machine: Machine) -> None:
        raise Refused(f"it holds {what}, which is not read here")

    return refuse


def _new_with_keywords(machine: Machine) -> None:
    if machine.stack.pop():
        raise Refused("it makes an object with keyword arguments")
    arguments, kind = machine.stack.pop(), machine.stack.pop()
    machine.new(kind, arguments)


def _new(machine: Machine) -> None:
    arguments, kind = machine.stack.pop(), machine.stack.pop()
    machine.new(kind, arguments)


def _from_lines(machine: Machine) -> None:
    module, name = machine.line().decode(), machine.line().decode()
    machine.find(module, name)


#: Every instruction of protocols 0 to 5, by its letter.
_INSTRUCTIONS: dict[bytes, Callable[[Machine], Any]] = {
    # numbers and constants
    b"I": Machine.integer,
    b"J": lambda m: m.push(m.number(_INT32)),
    b"K": lambda m: m.push(m.take(1)[0]),
    b"M": lambda m: m.push(m.number(_UINT16)),
    b"L": Machine.integer,
    b"\x8a": Machine.long,
    b"\x8b": lambda m: m.long(_INT32),
    b"F": lambda m: m.push(float(m.line())),
    b"G": lambda m: m.push(m.number(_DOUBLE)),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    # text and bytes
    b"S": Machine.quoted,
    b"T": lambda m: m.old_string(_INT32),
    b"U": Machine.old_string,
    b"V": lambda m: m.push(m.line().decode("raw-unicode-escape")),
    b"X": lambda m: m.push(m.text(_UINT32)),
    b"\x8c": lambda m: m.push(m.text()),
    b"\x8d": lambda m: m.push(m.text(_UINT64)),
    b"B": lambda m: m.push(m.take(m.number(_UINT32))),
    b"C": lambda m: m.push(m.take(m.take(1)[0])),
    b"\x8e": lambda m: m.push(m.take(m.number(_UINT64))),
    b"\x96": lambda m: m.push(bytearray(m.take(m.number(_UINT64)))),
    # containers
    b"(": Machine.mark,
    b"0": Machine.pop,
    b"1": Machine.since_mark,
    b"2": lambda m: m.push(m.stack[-1]),
    b")": lambda m: m.push(()),
    b"\x85": lambda m: m.tuple_of(1),
    b"\x86": lambda m: m.tuple_of(2),
    b"\x87": lambda m: m.tuple_of(3),
    b"t": lambda m: m.push_group(tuple),
    b"]": lambda m: m.push([]),
    b"l": lambda m: m.push_group(list),
    b"a": lambda m: m.append([m.stack.pop()]),
    b"e": lambda m: m.append(m.since_mark()),
    b"}": lambda m: m.push({}),
    b"d": lambda m: m.set_items(m.paired()),
    b"s": lambda m: m.set_items([m.stack.pop(), m.stack.pop()][::-1]),
    b"u": lambda m: m.set_items(m.since_mark()),
    b"\x8f": lambda m: m.push(set()),
    b"\x90": Machine.add,
    b"\x91": lambda m: m.push_group(lambda items: frozenset(key_of(item) for item in items)),
    # what is used again
    b"p": lambda m: _put(m, _decimal(m)),
    b"q": lambda m: _put(m, m.take(1)[0]),
    b"r": lambda m: _put(m, m.number(_UINT32)),
    b"\x94": lambda m: _put(m, len(m.memo)),
    b"g": lambda m: _get(m, _decimal(m)),
    b"h": lambda m: _get(m, m.take(1)[0]),
    b"j": lambda m: _get(m, m.number(_UINT32)),
    # objects
    b"c": _from_lines,
    b"\x93": Machine.named,
    b"R": Machine.reduce,
    b"\x81": _new,
    b"\x92": _new_with_keywords,
    b"b": Machine.build,
    b"i": _refused("an object of an old-style class of Python 2"),
    b"o": _refused("an object of an old-style class of Python 2"),
    b"P": _refused("a persistent id"),
    b"Q": _refused("a persistent id"),
    b"\x82": _refused("a code of an extension registry"),
    b"\x83": _refused("a code of an extension registry"),
    b"\x84": _refused("a code of an extension registry"),
    b"\x97": _refused("a buffer that was sent apart"),
    b"\x98": _refused("a buffer that was sent apart"),
    # marks of the format
    b"\x80": _protocol,
    b"\x95": _frame,
}
_TABLE = {letter[0]: function for letter, function in _INSTRUCTIONS.items()}
