"""A bundle of method "features", loaded: the same answers to the same questions as a classifier with networks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from AutoLabelLib.core.bundle import bundle_sha256, read_metadata, verify
from AutoLabelLib.core.errors import ModelError
from AutoLabelLib.core.image import Image
from AutoLabelLib.core.model import ModelSpec
from AutoLabelLib.core.prompt import Box
from AutoLabelLib.worker.classification import contract as contracts
from AutoLabelLib.worker.classification import inputs
from AutoLabelLib.worker.classification.classifier import Answer, Classifier, check_is_classifier
from AutoLabelLib.worker.tabular import bundle as bundles
from AutoLabelLib.worker.tabular.model import TabularClassifier

# Nothing looks at the patch; the features are measured on the image's own voxels.
_PATCH_VOXELS = (16, 16, 16)
_OF_THE_PATCH = "shown_fraction"


@dataclass(frozen=True)
class FeatureBundle:
    """The files of a classifier of features.

    Attributes:
        spec: Its contract.
        sha256: Hash of all its files.
    """

    spec: ModelSpec
    sha256: str


class FeatureClassifier(Classifier):
    """A classifier of handcrafted features; `Classifier.load` returns it for a bundle of method "features".

    It needs no approval, because its files hold no code.

    Attributes:
        spec: Its contract.
        bundle: Its files.
        contract: Which features it reads, and when it is in doubt.
        inputs: How they are measured.
        model: What turns features into probabilities.
        networks: None.

    Args:
        spec: Of a bundle with files.

    Raises:
        ContractError: If it is a model for something else.
        ModelError: If it is not of method "features", a file is missing or altered, or holds what is not trusted.
    """

    def __init__(self, spec: ModelSpec) -> None:
        check_is_classifier(spec)
        if spec.method != bundles.METHOD or spec.folder is None:
            raise ModelError(f'"{spec.name}" is not a classifier of features.')
        verify(spec)
        section = read_metadata(spec.folder).get("autolabel", {}).get("classification", {})
        self.spec, self.device, self.networks = spec, "cpu", ()
        self.bundle = FeatureBundle(spec, bundle_sha256(spec.folder))  # type: ignore[assignment]
        self.contract = contracts.from_mapping(section, spec.name)
        self.model: TabularClassifier = bundles.read(spec.folder)
        if self.model.classes != spec.classes or self.model.feature_names != self.contract.features:
            raise ModelError(f'The files of "{spec.name}" do not belong together.', "Install the model again.")
        self.inputs = inputs.InputContract(_PATCH_VOXELS, None, self.contract)

    def prepare(self, image: Image, mask: inputs.Mask | None = None, box: Box | None = None) -> inputs.Prepared:
        """Return the features of a mask, and where it is.

        Raises:
            InputError: If there is no mask, or it is empty.
        """
        prepared = inputs.prepare(image, mask, self.inputs, box)
        measured = {name: value for name, value in prepared.measured.items() if name != _OF_THE_PATCH}
        return replace(prepared, measured=measured)

    def answer(self, prepared: inputs.Prepared, *, test_time_augmentation: bool = True) -> Answer:
        """Return what the classifier says; there are no mirror images, and features are the same in them."""
        assert prepared.features is not None  # `prepare` refuses to be without a mask
        probabilities = self.model.predict_proba(prepared.features[np.newaxis])
        logits = np.log(np.clip(probabilities, 1e-9, 1 - 1e-9))
        if self.spec.multi_label:
            logits = logits - np.log1p(-np.clip(probabilities, 1e-9, 1 - 1e-9))
        return Answer(logits[0], probabilities[0], probabilities, np.empty(0))
