"""problems(): holds a JSON value against a schema, for the words of JSON Schema that docs/openapi.json uses.

A word that it does not know fails the test that uses it: nothing is passed over unchecked.
"""

_ANNOTATIONS = {"description", "summary"}
_TYPES = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def problems(value, schema, document, where="$"):
    """What is wrong with `value`, each with its place; empty: nothing. `document` is what a $ref points into."""
    found = []
    for word, wanted in schema.items():
        if word in _ANNOTATIONS:
            continue
        if word not in _CHECKS:
            raise AssertionError(f"{where}: the schema's {word!r} is not known here")
        found += _CHECKS[word](value, wanted, schema, document, where)
    return found


def _ref(value, wanted, _schema, document, where):
    target = document
    for part in wanted.removeprefix("#/").split("/"):
        target = target[part]
    return problems(value, target, document, where)


def _type(value, wanted, _schema, _document, where):
    names = [wanted] if isinstance(wanted, str) else wanted
    if any(_TYPES[name](value) for name in names):
        return []
    return [f"{where}: {value!r} is none of {names}"]


def _const(value, wanted, _schema, _document, where):
    return [] if _same(value, wanted) else [f"{where}: {value!r} is not {wanted!r}"]


def _enum(value, wanted, _schema, _document, where):
    return [] if any(_same(value, one) for one in wanted) else [f"{where}: {value!r} is none of {wanted}"]


def _same(left, right):
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _minimum(value, wanted, _schema, _document, where):
    return [f"{where}: {value} is below {wanted}"] if _TYPES["number"](value) and value < wanted else []


def _maximum(value, wanted, _schema, _document, where):
    return [f"{where}: {value} is above {wanted}"] if _TYPES["number"](value) and value > wanted else []


def _required(value, wanted, _schema, _document, where):
    if not isinstance(value, dict):
        return []
    return [f"{where}: {name!r} is missing" for name in wanted if name not in value]


def _properties(value, wanted, _schema, document, where):
    if not isinstance(value, dict):
        return []
    return [
        problem
        for name, schema in wanted.items()
        if name in value
        for problem in problems(value[name], schema, document, f"{where}.{name}")
    ]


def _additional_properties(value, wanted, schema, _document, where):
    if wanted or not isinstance(value, dict):
        return []
    return [f"{where}: there is no {name!r}" for name in value if name not in schema.get("properties", {})]


def _items(value, wanted, _schema, document, where):
    if not isinstance(value, list):
        return []
    return [
        problem for at, item in enumerate(value) for problem in problems(item, wanted, document, f"{where}[{at}]")
    ]


def _max_items(value, wanted, _schema, _document, where):
    return [f"{where}: more than {wanted} of them"] if isinstance(value, list) and len(value) > wanted else []


_CHECKS = {
    "$ref": _ref,
    "type": _type,
    "const": _const,
    "enum": _enum,
    "minimum": _minimum,
    "maximum": _maximum,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional_properties,
    "items": _items,
    "maxItems": _max_items,
}
