"""`SampleData`: keeps which data sets were registered; downloads nothing."""

from __future__ import annotations

import types
from typing import Any

import slicer


def _listed(value: Any, count: int) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value] * count


class SampleDataSource:
    """One data set: its files, where they come from, and what they become.

    Raises:
        ValueError: If there are not as many files, names and checksums as addresses.
    """

    def __init__(
        self,
        sampleName: str | None = None,
        sampleDescription: str | None = None,
        uris: Any = None,
        fileNames: Any = None,
        nodeNames: Any = None,
        checksums: Any = None,
        loadFiles: Any = None,
        customDownloader: Any = None,
        thumbnailFileName: str | None = None,
        loadFileTypes: Any = None,
        loadFileProperties: Any = None,
    ) -> None:
        self.sampleName, self.sampleDescription = sampleName, sampleDescription or sampleName
        self.customDownloader, self.thumbnailFileName = customDownloader, thumbnailFileName
        self.loadFileProperties = loadFileProperties or {}
        self.uris = [uris] if isinstance(uris, str) else list(uris)
        each = (fileNames, nodeNames, checksums, loadFiles, loadFileTypes)
        lists = [[value] if isinstance(uris, str) else _listed(value, len(self.uris)) for value in each]
        self.fileNames, self.nodeNames, self.checksums, self.loadFiles, self.loadFileTypes = lists
        if any(len(values) != len(self.uris) for values in lists):
            raise ValueError("All fields of sample data source must have the same length")


class SampleDataLogic:
    """The logic of the module Sample Data."""

    @staticmethod
    def registerCustomSampleDataSource(
        category: str = "Custom",
        sampleName: str | None = None,
        uris: Any = None,
        fileNames: Any = None,
        nodeNames: Any = None,
        customDownloader: Any = None,
        thumbnailFileName: str | None = None,
        loadFileTypes: Any = None,
        loadFiles: Any = None,
        loadFileProperties: Any = None,
        checksums: Any = None,
        loadFileType: Any = None,
    ) -> None:
        """Offer a data set."""
        if not hasattr(slicer.modules, "sampleDataSources"):
            slicer.modules.sampleDataSources = {}
        source = SampleDataSource(
            sampleName=sampleName,
            uris=uris,
            fileNames=fileNames,
            nodeNames=nodeNames,
            customDownloader=customDownloader,
            thumbnailFileName=thumbnailFileName,
            loadFileTypes=loadFileTypes or loadFileType,
            loadFiles=loadFiles,
            loadFileProperties=loadFileProperties,
            checksums=checksums,
        )
        offered = slicer.modules.sampleDataSources.setdefault(category, [])
        if vars(source) not in [vars(known) for known in offered]:
            offered.append(source)


def make_module() -> types.ModuleType:
    """Return a new `SampleData` module."""
    module: Any = types.ModuleType("SampleData", __doc__)
    module.SampleDataLogic, module.SampleDataSource = SampleDataLogic, SampleDataSource
    return module
