"""docs/kuberay.yaml and docs/cluster.md: the manifest validates, what it asks for fits together, commands parse."""

from __future__ import annotations

import math
import re
import shlex
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest

from audiopost import presets
from audiopost.batch.ray_cluster import actors, resources
from audiopost.cli.main import cli

yaml = pytest.importorskip("yaml")
jsonschema = pytest.importorskip("jsonschema")

DOCS = Path(__file__).parent.parent.parent / "docs"
MANIFEST = DOCS / "kuberay.yaml"

NAME = {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"}
#: Kubernetes' Quantity.
QUANTITY = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": r"^\d+(\.\d+)?(m|k|[KMGTPE]i|[MGTPE])?$"},
    ]
}
AMOUNTS = {"type": "object", "additionalProperties": QUANTITY, "minProperties": 1}
RESOURCES = {
    "type": "object", "additionalProperties": False, "required": ["requests", "limits"],
    "properties": {"requests": AMOUNTS, "limits": {**AMOUNTS, "required": ["cpu", "memory"]}},
}  # fmt: skip
CONTAINER = {
    "type": "object",
    "required": ["name", "image", "resources"],
    "properties": {
        "name": NAME,
        "image": {"type": "string", "minLength": 1},
        "resources": RESOURCES,
        "env": {"type": "array", "items": {
            "type": "object", "additionalProperties": False, "required": ["name"],
            "properties": {"name": {"type": "string"}, "value": {"type": "string"}, "valueFrom": {"type": "object"}},
        }},
        "ports": {"type": "array", "items": {
            "type": "object", "required": ["containerPort"],
            "properties": {"name": {**NAME, "maxLength": 15}, "containerPort": {"type": "integer", "maximum": 65535}},
        }},
        "volumeMounts": {"type": "array", "items": {
            "type": "object", "required": ["name", "mountPath"],
            "properties": {"name": NAME, "mountPath": {"type": "string", "pattern": "^/"}},
        }},
    },
}  # fmt: skip
TEMPLATE = {
    "type": "object", "required": ["spec"], "additionalProperties": False,
    "properties": {
        "metadata": {"type": "object"},
        "spec": {"type": "object", "required": ["containers"],
                 "properties": {"containers": {"type": "array", "minItems": 1, "items": CONTAINER}}},
    },
}  # fmt: skip
#: `ray start` takes every parameter as text.
START = {"type": "object", "additionalProperties": {"type": "string"}}
COUNT = {"type": "integer", "minimum": 0}
#: The fields of a ray.io/v1 RayCluster that KubeRay's types name as of operator 1.4, and those that they ask for.
RAY_CLUSTER = {
    "type": "object", "additionalProperties": False, "required": ["apiVersion", "kind", "metadata", "spec"],
    "properties": {
        "apiVersion": {"const": "ray.io/v1"},
        "kind": {"const": "RayCluster"},
        "metadata": {"type": "object", "required": ["name"], "properties": {"name": NAME}},
        "spec": {
            "type": "object", "additionalProperties": False, "required": ["headGroupSpec", "rayVersion"],
            "properties": {
                "rayVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
                "enableInTreeAutoscaling": {"type": "boolean"},
                "suspend": {"type": "boolean"},
                "managedBy": {"type": "string"},
                "headServiceAnnotations": {"type": "object"},
                "gcsFaultToleranceOptions": {"type": "object"},
                "autoscalerOptions": {
                    "type": "object", "additionalProperties": False,
                    "properties": {
                        "version": {"enum": ["v1", "v2"]},
                        "upscalingMode": {"enum": ["Default", "Aggressive", "Conservative"]},
                        "idleTimeoutSeconds": COUNT,
                        "resources": RESOURCES,
                        "image": {"type": "string"},
                        "imagePullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
                        "env": {"type": "array"}, "envFrom": {"type": "array"}, "volumeMounts": {"type": "array"},
                        "securityContext": {"type": "object"},
                    },
                },
                "headGroupSpec": {
                    "type": "object", "additionalProperties": False, "required": ["rayStartParams", "template"],
                    "properties": {
                        "rayStartParams": START, "template": TEMPLATE, "headService": {"type": "object"},
                        "serviceType": {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
                        "enableIngress": {"type": "boolean"},
                    },
                },
                "workerGroupSpecs": {"type": "array", "minItems": 1, "items": {
                    "type": "object", "additionalProperties": False,
                    "required": ["groupName", "minReplicas", "maxReplicas", "rayStartParams", "template"],
                    "properties": {
                        "groupName": NAME, "replicas": COUNT, "minReplicas": COUNT, "maxReplicas": COUNT,
                        "numOfHosts": COUNT, "idleTimeoutSeconds": COUNT, "suspend": {"type": "boolean"},
                        "scaleStrategy": {"type": "object"}, "rayStartParams": START, "template": TEMPLATE,
                    },
                }},
            },
        },
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8")))


def one(documents: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = [each for each in documents if each["kind"] == kind]
    return found


def amount(quantity: Any) -> Decimal:
    """A Quantity as a number."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-zA-Z]*)", str(quantity))
    assert match, quantity
    units = {"": 1, "m": Decimal("0.001"), "k": 1000}
    for power, unit in enumerate("KMGTPE", 1):
        units |= {f"{unit}i": 1024**power, unit: 1000**power}
    return Decimal(match[1]) * units[match[2]]


def pods(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The templates of all pods."""
    spec = one(documents, "RayCluster")["spec"]
    groups = [spec["headGroupSpec"], *spec["workerGroupSpecs"]]
    return [each["template"]["spec"] for each in (*groups, one(documents, "Job")["spec"])]


def test_the_ray_cluster_is_one(documents: list[dict[str, Any]]) -> None:
    jsonschema.Draft202012Validator.check_schema(RAY_CLUSTER)
    cluster = one(documents, "RayCluster")
    jsonschema.validate(cluster, RAY_CLUSTER)
    for group in cluster["spec"]["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    assert cluster["spec"]["enableInTreeAutoscaling"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("apiVersion",), "ray.io/v1alpha0"),
        (("spec", "headGroupSpec", "rayStartParams", "num-cpus"), 0),
        (("spec", "workerGroupSpecs", 0, "maxReplicas"), "4"),
        (
            ("spec", "workerGroupSpecs", 0, "template", "spec", "containers", 0, "resources", "limits", "memory"),
            "32 GB",
        ),
        (("spec", "workerGroupSpecs", 0, "gpus"), 1),
        (("spec", "autoscalerOptions", "upscalingMode"), "Fast"),
    ],
)
def test_the_schema_finds_what_is_wrong(
    documents: list[dict[str, Any]], path: tuple[str | int, ...], value: object
) -> None:
    (cluster,) = [each for each in yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8")) if "spec" in each and
                  each["kind"] == "RayCluster"]  # fmt: skip
    place: Any = cluster
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(cluster, RAY_CLUSTER)


def test_kubernetes_own_kinds_validate(documents: list[dict[str, Any]]) -> None:
    """Against the published schemas, where the package that carries them is installed."""
    validator = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate checks more")
    for document in documents:
        if document["kind"] != "RayCluster":
            validator.validate(document, "1.34", strict=True)
    for number, spec in enumerate(pods(documents)):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"pod-{number}"}, "spec": spec}
        validator.validate(pod, "1.34", strict=True)


def test_pods_ask_for_what_they_may_have_and_mount_what_there_is(documents: list[dict[str, Any]]) -> None:
    claims = {each["metadata"]["name"] for each in documents if each["kind"] == "PersistentVolumeClaim"}
    for spec in pods(documents):
        volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
        for volume in volumes.values():
            assert volume.get("persistentVolumeClaim", {}).get("claimName", "audiopost-media") in claims
        for container in spec["containers"]:
            assert {mount["name"] for mount in container.get("volumeMounts", [])} == set(volumes)
            jsonschema.validate(container, CONTAINER)
            requests, limits = container["resources"]["requests"], container["resources"]["limits"]
            assert all(amount(requests[name]) <= amount(limits[name]) for name in requests)
            for name in (name for name in limits if "/" in name):  # Kubernetes divides no device
                assert isinstance(limits[name], int)
                assert requests[name] == limits[name]


def test_the_driver_asks_for_actors_that_fit(documents: list[dict[str, Any]]) -> None:
    cluster, job = one(documents, "RayCluster"), one(documents, "Job")
    (driver,) = job["spec"]["template"]["spec"]["containers"]
    given = parsed(driver["command"])
    name = cluster["metadata"]["name"]
    ports = {each["name"]: each["containerPort"] for each in
             cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["ports"]}  # fmt: skip
    assert given["address"] == f"ray://{name}-head-svc:{ports['client']}"
    (group,) = cluster["spec"]["workerGroupSpecs"]
    has = group["template"]["spec"]["containers"][0]["resources"]["limits"]
    each = resources(given["resources"])
    fit = min(
        math.floor(amount(has["cpu"]) / Decimal(str(each["cpu"]))),
        math.floor(has["nvidia.com/gpu"] / Decimal(str(each["gpu"]))),
        math.floor(amount(has["memory"]) / Decimal(str(each["mem"])) / 10**9),
    )
    assert fit >= 1
    assert actors(given["actors"])[1] == fit * group["maxReplicas"]
    # The ledger lies on a volume that only the driver's pod has, and what others share is not that one.
    mounts = {mount["mountPath"]: mount["name"] for mount in driver["volumeMounts"]}
    volumes = {volume["name"]: volume["persistentVolumeClaim"]["claimName"] for volume in
               job["spec"]["template"]["spec"]["volumes"]}  # fmt: skip
    claim = volumes[mounts[str(Path(given["named"]).parent.as_posix())]]
    (found,) = [each for each in documents if each["metadata"]["name"] == claim]
    assert found["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert given["out"].startswith("/media/")
    work = group["template"]["spec"]["containers"][0]["volumeMounts"]
    assert given["work"] in [mount["mountPath"] for mount in work]


def test_the_image_has_the_ray_that_the_cluster_names(documents: list[dict[str, Any]]) -> None:
    version = one(documents, "RayCluster")["spec"]["rayVersion"]
    assert f"rayproject/ray:{version}-py" in MANIFEST.read_text(encoding="utf-8")
    images = {container["image"] for spec in pods(documents) for container in spec["containers"]}
    assert len(images) == 1


def parsed(words: list[str]) -> dict[str, Any]:
    """What the command line of a batch says; raises where it does not parse."""
    program, name, *arguments = words
    assert (program, name) == ("audiopost", "batch")
    context = cli.make_context("audiopost", [name], resilient_parsing=True)
    group = cli.get_command(context, name)
    assert isinstance(group, click.Group)
    start = group.commands["start"]
    return start.make_context("start", arguments, parent=context).params


def test_the_commands_of_the_page_parse_and_name_what_exists() -> None:
    text = (DOCS / "cluster.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    assert len(lines) >= 3
    for line in lines:
        given = parsed(shlex.split(line))
        assert given["preset"] in presets.names(), line
        assert actors(given["actors"] or "1")
        assert resources(given["resources"] or "cpu=1")
    assert {parsed(shlex.split(line))["engine"] or "local" for line in lines} == {"local", "ray"}
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (DOCS / target).exists(), target
