"""A MONAI bundle, loaded: its network with weights, and its wishes for what comes before and after.

A bundle is code: its configs name classes and hold `$` expressions. So nothing of it is evaluated before its files are
known to be the published ones, and the bundle to be one that came with AutoLabel or that the user approved.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from AutoLabelLib.core import bundle as contract
from AutoLabelLib.core import catalogue
from AutoLabelLib.core.errors import MissingDependency, ModelError, UntrustedModelError
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.worker import prompted
from AutoLabelLib.worker.networks import outputs, preprocessing, weights
from AutoLabelLib.worker.networks.window import Window
from AutoLabelLib.worker.prompted.deepedit import DeepEdit
from AutoLabelLib.worker.prompted.vista3d_wishes import Vista3dWishes
from AutoLabelLib.worker.segmentation.guidance import SIGMA_MM
from AutoLabelLib.worker.segmentation.local_cut import Cut

if TYPE_CHECKING:
    from monai.bundle.config_parser import ConfigParser

_NETWORK_SECTIONS = ("network_def", "network")
# Of the postprocessing, what works on labels or says what the output means. Space and files are AutoLabel's own matter.
_DECIDING = ("Activationsd", "AsDiscreted")
_ON_LABELS = ("KeepLargestConnectedComponentd", "RemoveSmallObjectsd", "FillHolesd", "LabelFilterd")


@dataclass(frozen=True, eq=False)
class Bundle:
    """A loaded bundle.

    Attributes:
        spec: Its contract.
        sha256: Hash of all its files.
        network: In evaluation mode, float32, on the CPU.
        preprocessing: What it wants before.
        window: How it slides.
        outputs: What its channels mean.
        label_transforms: MONAI transforms that it wants run on the labels.
        mirror_axes: Spatial axes, in the model's order, along which it may also be run mirrored.
        guidance_sigma_mm: Width of a click in its guidance channels.
        cut: How its answer is cut, and how corrections move that.
        reads_previous: Whether a last channel shows it what it answered to the clicks before the last.
        wider_voxels: (3,) of the region that it looks at where an object does not fit into its window; None: no other.
        keep_component_at_prompt: Whether only what is connected to a prompt belongs to the result.
        prompting: How a bundle from elsewhere wants its prompts; None: as guidance channels of this project, or not.
    """

    spec: ModelSpec
    sha256: str
    network: torch.nn.Module
    preprocessing: preprocessing.Preprocessing
    window: Window
    outputs: outputs.Outputs
    label_transforms: tuple[Any, ...] = ()
    mirror_axes: tuple[int, ...] = ()
    guidance_sigma_mm: float = SIGMA_MM
    cut: Cut = field(default_factory=Cut)
    reads_previous: bool = False
    wider_voxels: tuple[int, int, int] | None = None
    keep_component_at_prompt: bool = False
    prompting: DeepEdit | Vista3dWishes | None = None

    @property
    def size_bytes(self) -> int:
        """Memory that its weights take."""
        return sum(p.numel() * p.element_size() for p in self.network.parameters())


def identity(folder: Path) -> str:
    """Return the hash over a bundle's files; quick when none of them has changed since it was last asked."""
    paths = [folder / relative for relative in contract.bundle_files(folder)]
    stats = [(path, path.stat()) for path in paths]
    return _identity(folder, tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats))


@lru_cache(maxsize=64)
def _identity(folder: Path, _state: tuple[tuple[str, int, int], ...]) -> str:
    return contract.bundle_sha256(folder)


def load(spec: ModelSpec) -> Bundle:
    """Return the bundle of a contract, ready to run.

    Raises:
        ChecksumError: If a file is missing or is not the published one.
        UntrustedModelError: If nobody has approved it.
        ModelError: If its configs or weights cannot be used.
        MissingDependency: If it needs a package that is not installed.
    """
    folder = spec.folder
    if folder is None:
        raise ModelError(f'The model "{spec.name}" has no files.')
    contract.verify(spec)
    _check_trust(spec.name, folder)
    weights_file = weights.find(folder)
    with _scripts_of(folder):
        parser = _read_config(folder)
        own = parser.get("_meta_", {}).get("autolabel", {})
        network = _network(parser, weights_file, spec.name)
        prompting = prompted.read(parser, spec)
        window = _window(parser, spec) if not isinstance(prompting, Vista3dWishes) else prompting.window
        after = preprocessing.instantiate(parser, "postprocessing", only=_DECIDING + _ON_LABELS)
        wishes = preprocessing.read(parser)
    return Bundle(
        spec=spec,
        sha256=identity(folder),
        network=_frozen(network),
        preprocessing=wishes,
        window=window,
        outputs=outputs.from_metadata(parser.get("_meta_", {}), spec.segments, after),
        label_transforms=tuple(t for t in after if type(t).__name__ in _ON_LABELS),
        mirror_axes=tuple(int(axis) for axis in own.get("mirror_axes", ())),
        guidance_sigma_mm=float(own.get("prompting", {}).get("sigma_mm", SIGMA_MM)),
        cut=_cut(own.get("prompting", {}).get("cut", {}), spec.name),
        reads_previous=bool(own.get("prompting", {}).get("previous_answer", False)),
        wider_voxels=_three(own.get("wider_voxels")),
        keep_component_at_prompt=bool(own.get("keep_component_at_prompt", False)),
        prompting=prompting,
    )


def _cut(entries: Mapping[str, Any], name: str) -> Cut:
    try:
        return Cut(**{key: float(value) for key, value in entries.items()})
    except (TypeError, ValueError, AttributeError) as problem:
        raise ModelError(f'The bundle "{name}" does not say how its answer is cut: {problem}.') from problem


def _three(edges: Sequence[Any] | None) -> tuple[int, int, int] | None:
    return (int(edges[0]), int(edges[1]), int(edges[2])) if edges else None


def _check_trust(name: str, folder: Path) -> None:
    if not catalogue.is_trusted(folder):
        raise UntrustedModelError(
            f'The model "{name}" would run code that came with it, and nobody has approved it yet.',
            "If you trust where it comes from, approve it with AutoLabelLib.core.catalogue.trust(folder).",
        )


def _read_config(folder: Path) -> ConfigParser:
    from monai.bundle.config_parser import ConfigParser

    path = contract.inference_config(folder)
    if path is None:
        raise ModelError(
            f'The bundle "{folder.name}" has no {contract.INFERENCE_CONFIGS[0].as_posix()}.',
            "It cannot be run without one.",
        )
    parser = ConfigParser()
    try:
        parser.read_config(str(path))
        parser.read_meta(str(folder / contract.METADATA))
    except ImportError as problem:
        raise MissingDependency(f"Reading {path.name} needs a package: {problem}.", "pip install pyyaml") from problem
    except Exception as problem:  # a config file can be broken in any way
        raise ModelError(f'The file {path.name} of the bundle "{folder.name}" cannot be read: {problem}.') from problem
    if "bundle_root" in parser:
        parser["bundle_root"] = str(folder)
    return parser


def _network(parser: ConfigParser, weights_file: Path, name: str) -> torch.nn.Module:
    if weights_file.name == weights.SCRIPT_FILE:
        return weights.read_script(weights_file)
    section = next((section for section in _NETWORK_SECTIONS if section in parser), None)
    if section is None:
        raise ModelError(f'The bundle of "{name}" does not define its network (network_def).')
    try:
        network = parser.get_parsed_content(section)
    except Exception as problem:  # a config can raise anything
        cause = preprocessing.root_cause(problem)
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            raise MissingDependency(
                f'The network of "{name}" needs the package "{cause.name}".', f"pip install {cause.name}"
            ) from problem
        raise ModelError(f'The network of "{name}" cannot be built: {type(cause).__name__}: {cause}.') from problem
    if not isinstance(network, torch.nn.Module):
        raise ModelError(f'The "{section}" of the bundle of "{name}" is not a network but {type(network).__name__}.')
    network = network.cpu().float()
    weights.fill(network, weights.read(weights_file), name)
    return network


def _frozen(network: torch.nn.Module) -> torch.nn.Module:
    for parameter in network.parameters():  # TorchScript has no requires_grad_ for the whole
        parameter.requires_grad_(False)
    return network.eval()


def _window(parser: ConfigParser, spec: ModelSpec) -> Window:
    """Return the window of the bundle's inferer, or of its metadata if it has none."""
    config = parser.get("inferer")
    if config is None:
        return Window(spec.patch_voxels)
    try:
        inferer = parser.get_parsed_content("inferer")
        roi = getattr(inferer, "roi_size", None)
        if roi is None:  # such as SimpleInferer: everything at once
            return Window(spec.patch_voxels if spec.needs_prompt else None)
        sizes = [int(size or 0) for size in (roi if isinstance(roi, (list, tuple)) else [roi] * 3)]
        overlap = inferer.overlap[0] if isinstance(inferer.overlap, (list, tuple)) else inferer.overlap
        mode = str(getattr(inferer.mode, "value", inferer.mode))
        return Window((sizes[0], sizes[1], sizes[2]), float(overlap), mode, float(inferer.cval))
    except Exception as problem:  # a config can raise anything
        cause = preprocessing.root_cause(problem)
        raise ModelError(f'The inferer of "{spec.name}" cannot be understood: {cause}.') from problem


@contextmanager
def _scripts_of(folder: Path) -> Iterator[None]:
    """Let a trusted bundle import its own `scripts` package, and forget it afterwards: each bundle has its own."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name == "scripts" or name.startswith("scripts.")]:
            del sys.modules[name]
