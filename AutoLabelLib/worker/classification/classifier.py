"""A classifier, loaded: from an image and a mask to probabilities and ratings."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from AutoLabelLib.core.bundle import read_metadata, read_spec
from AutoLabelLib.core.errors import ContractError, ModelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Box
from AutoLabelLib.worker.classification import calibration, contract, inputs, networks
from AutoLabelLib.worker.networks import model_cache
from AutoLabelLib.worker.networks.bundle import Bundle


@dataclass(frozen=True, eq=False)
class Answer:
    """What the networks say of one object.

    Attributes:
        logits: (classes,), mean over the networks, before calibration.
        probabilities: (classes,), calibrated.
        member_probabilities: (networks, classes), each network by itself, calibrated likewise.
        ratings: (attributes,), each on its attribute's scale.
    """

    logits: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    member_probabilities: NDArray[np.float64]
    ratings: NDArray[np.float64]


class Classifier:
    """A classifier on a device.

    Attributes:
        spec: Its contract.
        bundle: Its files, loaded.
        contract: How it is fed, calibrated and doubted.
        inputs: What its networks want to see.
        networks: One, or several whose mean is the answer; each is called by `networks.answers`.

    Args:
        bundle: A loaded bundle for classification.
        device: Such as "cpu" or "cuda".

    Raises:
        ContractError: If it is a model for something else.
        ModelError: If its metadata lacks something.
    """

    def __init__(self, bundle: Bundle, device: str = "cpu") -> None:
        self.spec, self.bundle, self.device = bundle.spec, bundle, device
        check_is_classifier(self.spec)
        assert self.spec.folder is not None
        section = read_metadata(self.spec.folder).get("autolabel", {}).get("classification", {})
        self.contract = contract.from_mapping(section, self.spec.name)
        self.inputs = _inputs(bundle, self.contract)
        self.networks = networks.members(bundle.network.to(device))

    @classmethod
    def load(cls, bundle: ModelSpec | Path | str, device: str = "cpu") -> Classifier:
        """Return the classifier in a bundle's folder; its weights are read once as long as the files stay as they are.

        Raises:
            ModelError: If the bundle cannot be used; see `AutoLabelLib.worker.networks.bundle.load`.
        """
        spec = bundle if isinstance(bundle, ModelSpec) else read_spec(bundle)
        check_is_classifier(spec)
        if spec.method:
            from AutoLabelLib.worker.tabular.classifier import FeatureClassifier

            return FeatureClassifier(spec)
        return cls(model_cache.load(spec).bundle, device)

    def prepare(self, image: Image, mask: inputs.Mask | None = None, box: Box | None = None) -> inputs.Prepared:
        """Return what the networks see; see `inputs.prepare`."""
        return inputs.prepare(image, mask, self.inputs, box)

    def tensors(self, prepared: inputs.Prepared) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return patch (1, C, I, J, K) and features (1, F) of what was prepared, on the device."""
        patch = torch.from_numpy(prepared.patch)[None].to(self.device)
        features = None if prepared.features is None else torch.from_numpy(prepared.features)[None].to(self.device)
        return patch, features

    @torch.no_grad()
    def answer(self, prepared: inputs.Prepared, *, test_time_augmentation: bool = True) -> Answer:
        """Return what the networks say, as the mean over mirror images if the bundle names axes for them.

        Raises:
            ModelError: If the networks do not answer with one number per class and attribute, or not with numbers.
        """
        patch, features = self.tensors(prepared)
        views = mirror_images(self.contract.mirror_axes if test_time_augmentation else ())
        count = len(self.spec.classes) + len(self.spec.attributes)
        outputs = []
        for network in self.networks:
            seen = [networks.answers(network, patch.flip(view) if view else patch, features)[0] for view in views]
            outputs.append(torch.stack(seen).double().mean(0).cpu().numpy())
        output = np.stack(outputs)
        if output.shape[1:] != (count,) or not np.isfinite(output).all():
            raise ModelError(
                f'"{self.spec.name}" answered with {output.shape[1:]} numbers, some perhaps not finite; '
                f"{count} were expected, for its classes and attributes.",
                "Its weights or its metadata are not right: install it again.",
            )
        logits = output[:, : len(self.spec.classes)]
        return Answer(
            logits.mean(axis=0),
            self.calibrated(logits.mean(axis=0)),
            self.calibrated(logits),
            self._ratings(output[:, len(self.spec.classes) :].mean(axis=0)),
        )

    def logits(self, prepared: inputs.Prepared) -> NDArray[np.float64]:
        """Return (classes,), mean over networks and mirror images, before calibration."""
        return self.answer(prepared).logits

    def probabilities(self, prepared: inputs.Prepared) -> NDArray[np.float64]:
        """Return calibrated probabilities (classes,)."""
        return self.answer(prepared).probabilities

    def calibrated(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities (..., classes) that logits (..., classes) stand for."""
        found = self.contract
        return calibration.probabilities(
            logits, found.temperature, found.bias, found.slopes, multi_label=self.spec.multi_label
        )

    def _ratings(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        low = np.array([attribute.low for attribute in self.spec.attributes])
        high = np.array([attribute.high for attribute in self.spec.attributes])
        return np.asarray(low + (high - low) / (1.0 + np.exp(-outputs)))


def check_is_classifier(spec: ModelSpec) -> None:
    """Raise ContractError if a model is not for classification, ModelError if it names no classes."""
    if spec.task != "classification":
        raise ContractError(f'"{spec.name}" is a model for {spec.task}, not for classification.')
    if not spec.classes:
        raise ModelError(f'"{spec.name}" does not name its classes.', "Its metadata needs them.")


def _inputs(bundle: Bundle, wishes: contract.ClassifierContract) -> inputs.InputContract:
    patch = bundle.spec.patch_voxels
    if patch is None or min(patch) < 1:
        raise ModelError(f'"{bundle.spec.name}" does not say how large its patch is (patch_voxels).')
    spacing_mm = bundle.spec.spacing_mm or bundle.preprocessing.spacing_mm
    return inputs.InputContract(patch, spacing_mm, wishes, bundle.preprocessing.normalise)


def mirror_images(axes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the axes to flip in (B, C, I, J, K) for every mirror image along some axes; first (), the patch itself."""
    numbers = range(len(axes) + 1)
    return [tuple(axis + 2 for axis in some) for n in numbers for some in itertools.combinations(axes, n)]
