"""Registries: classes by name, made from names, JSON text and dicts."""

from __future__ import annotations

import json
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mxnet as mx


@pytest.fixture
def animals():
    """A base class with its three functions."""

    class Animal:
        def __init__(self, legs=4, **kwargs):
            self.legs, self.kwargs = legs, kwargs

    functions = (mx.registry.get_register_func, mx.registry.get_alias_func, mx.registry.get_create_func)
    return Animal, *(function(Animal, "animal") for function in functions)


def test_names_are_those_of_the_classes_in_lower_case(animals):
    animal, register, _, create = animals

    class Cat(animal):
        pass

    assert register(Cat) is Cat
    assert mx.registry.get_registry(animal) == {"cat": Cat}
    assert type(create("cAt")) is Cat
    assert create("cat", 3).legs == create("cat", legs=3).legs == create(animal="cat", legs=3).legs == 3


def test_registered_under_another_name(animals):
    animal, register, alias, create = animals

    class Cat(animal):
        pass

    assert register(Cat, "Puss") is Cat
    assert alias("Tom", "Felix")(Cat) is Cat
    assert alias()(Cat) is Cat
    assert sorted(mx.registry.get_registry(animal)) == ["felix", "puss", "tom"]
    assert type(create("TOM")) is Cat


def test_the_registry_is_a_copy(animals):
    animal, register, _, _ = animals
    register(type("Cat", (animal,), {}))
    mx.registry.get_registry(animal).clear()
    assert list(mx.registry.get_registry(animal)) == ["cat"]
    assert mx.registry.get_registry(type("Other", (), {})) == {}


def test_a_taken_name_goes_to_the_new_class_with_a_warning_at_the_caller(animals):
    animal, register, alias, create = animals
    first, second = type("Cat", (animal,), {}), type("Cat", (animal,), {})
    register(first)
    with pytest.warns(
        UserWarning, match=r"New animal .*Cat registered with name cat .*overriding existing animal"
    ) as w:
        register(second)
    assert w[0].filename == __file__
    assert type(create("cat")) is second
    with pytest.warns(UserWarning, match="overriding") as w:
        alias("cat")(first)
    assert w[0].filename == __file__


def test_two_bases_have_two_registries():
    one, other = type("One", (), {}), type("Other", (), {})
    both = type("Both", (one, other), {})
    mx.registry.get_register_func(one, "one")(both)
    assert mx.registry.get_registry(other) == {}


@given(
    st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(max_size=5), max_size=3)
)
def test_json_and_dicts_carry_arguments(arguments):
    class Thing:
        def __init__(self, **kwargs):
            self.kwargs = kwargs

    class Own(Thing):
        pass

    mx.registry.get_register_func(Thing, "thing")(Own)
    create = mx.registry.get_create_func(Thing, "thing")
    arguments.pop("thing", None)
    arguments.pop("self", None)
    assert create(json.dumps(["own", arguments])).kwargs == arguments
    assert create(json.dumps({"thing": "own", **arguments})).kwargs == arguments
    assert create({"thing": "own", **arguments}).kwargs == arguments
    assert create(thing={"thing": "own", **arguments}).kwargs == arguments


def test_an_instance_is_returned_as_it_is(animals):
    animal, _, _, create = animals
    one = animal()
    assert create(one) is one
    assert create(animal=one) is one


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda create, cat: create(cat, 3), ValueError, "already an instance of Cat.*invalid: 3"),
        (lambda create, cat: create(cat, legs=3), ValueError, "already an instance of Cat.*invalid: legs"),
        (lambda create, cat: create('["cat", {}]', 3), ValueError, "Additional arguments are invalid: 3"),
        (lambda create, cat: create({"animal": "cat"}, legs=3), ValueError, "Additional arguments are invalid: legs"),
        (lambda create, cat: create("dog"), ValueError, "dog is not registered.*animal.register.*one of cat"),
        (lambda create, cat: create(), TypeError, "no name given"),
        (lambda create, cat: create(3), TypeError, "animal is 3, which must be of string type"),
        (lambda create, cat: create(type(cat)), TypeError, "must be of string type, or an instance of Animal"),
        (lambda create, cat: create("[cat"), ValueError, "is no JSON"),
        (lambda create, cat: create('["cat"]'), ValueError, "expected .* or "),
        (lambda create, cat: create('{"legs": 3}'), ValueError, "expected .* or "),
        (lambda create, cat: create('["cat", 3]'), ValueError, "expected .* or "),
        (lambda create, cat: create("[3, {}]"), TypeError, "must be of string type"),
    ],
)
def test_create_refuses(animals, call, kind, message):
    animal, register, _, create = animals
    cat = register(type("Cat", (animal,), {}))
    with pytest.raises(kind, match=message) as error:
        call(create, cat())
    assert isinstance(error.value, mx.MXNetError)


def test_register_refuses(animals):
    animal, register, alias, _ = animals
    for wrong in (int, 3, animal()):
        with pytest.raises(TypeError, match=r"animal\.register"):
            register(wrong)
    with pytest.raises(TypeError, match="no subclass of Animal"):
        register(int)
    for call in (lambda: register(animal, 3), lambda: alias(3)(animal)):
        with pytest.raises(TypeError, match="name is 3, expected a str"):
            call()


def test_errors_of_a_class_are_its_own(animals):
    animal, register, _, create = animals
    register(type("Cat", (animal,), {"__init__": lambda self: None}))
    with pytest.raises(TypeError, match="unexpected keyword"):
        create("cat", wings=2)


def test_registering_twice_is_quiet_for_another_name(animals):
    animal, register, _, _ = animals
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cat = register(type("Cat", (animal,), {}))
        register(cat, "puss")
