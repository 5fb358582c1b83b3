"""What ComfyUI checks before it runs a prompt, and how it words it."""

from __future__ import annotations

import inspect
from typing import Any

Prompt = dict[str, dict[str, Any]]
CONVERSIONS = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}


def is_link(value: Any) -> bool:
    """Tell whether an input's value names another node's output: [node id, slot]."""
    return isinstance(value, list) and len(value) == 2


def output_nodes(prompt: Prompt, classes: dict[str, Any]) -> list[str]:
    """Return the ids of the nodes for whose sake a prompt runs."""
    return [
        node_id
        for node_id, node in prompt.items()
        if classes[node["class_type"]].GET_SCHEMA().is_output_node
    ]


async def node_errors(prompt: Prompt, classes: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the reasons against a prompt, by node id; also converts plain values in place."""
    needed: list[str] = []
    waiting = output_nodes(prompt, classes)
    while waiting:
        node_id = waiting.pop()
        if node_id not in needed:
            needed.append(node_id)
            links = filter(is_link, prompt[node_id]["inputs"].values())
            waiting += [source for source, _ in links]
    found = {node_id: await _errors(prompt, node_id, classes) for node_id in needed}
    return {node_id: errors for node_id, errors in found.items() if errors}


async def _errors(prompt: Prompt, node_id: str, classes: dict[str, Any]) -> list[dict[str, Any]]:
    node = prompt[node_id]
    cls = classes[node["class_type"]]
    kinds = cls.INPUT_TYPES()
    check = cls.validate_inputs if cls.overrides("validate_inputs") else None
    named = list(inspect.signature(check).parameters) if check else []
    errors = []
    for name, (kind, options) in {**kinds["required"], **kinds["optional"]}.items():
        if name not in node["inputs"]:
            if name in kinds["required"]:
                errors.append(_error("required_input_missing", "Required input is missing", name))
            continue
        value = node["inputs"][name]
        if is_link(value):
            source = classes[prompt[value[0]]["class_type"]].GET_SCHEMA()
            given = source.outputs[value[1]].io_type
            if given != kind and "*" not in (given, kind):
                message = "Return type mismatch between linked nodes"
                errors.append(_error("return_type_mismatch", message, name))
            continue
        try:
            value = node["inputs"][name] = CONVERSIONS.get(kind, lambda given: given)(value)
        except ValueError as error:
            message = f"Failed to convert an input value to a {kind} value"
            errors.append(_error("invalid_input_type", message, name, f"{name}, {value}, {error}"))
            continue
        if name not in named:  # naming an input switches these checks off
            errors += _range_errors(name, value, options)
    if check is not None:
        present = {key: node["inputs"][key] for key in named if key in node["inputs"]}
        plain = {key: None if is_link(value) else value for key, value in present.items()}
        answer = check(**plain)
        answer = await answer if inspect.isawaitable(answer) else answer
        if answer is not True:  # the same words at every input that was named
            message = "Custom validation failed for node"
            errors += [
                _error("custom_validation_failed", message, name, f"{name} - {answer}")
                for name in plain
            ]
    return errors


def _range_errors(name: str, value: Any, options: dict[str, Any]) -> list[dict[str, Any]]:
    least, most = options.get("min"), options.get("max")
    if least is not None and value < least:
        message = f"Value {value} smaller than min of {least}"
        return [_error("value_smaller_than_min", message, name)]
    if most is not None and value > most:
        message = f"Value {value} bigger than max of {most}"
        return [_error("value_bigger_than_max", message, name)]
    return []


def _error(kind: str, message: str, name: str, details: str | None = None) -> dict[str, Any]:
    return {
        "type": kind,
        "message": message,
        "details": details or name,
        "extra_info": {"input_name": name},
    }
