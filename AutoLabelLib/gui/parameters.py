"""What belongs into the scene: a saved scene opens again with these choices."""

from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class AutoLabelParameters:
    """The choices of the panels, kept in the module's parameter node.

    Attributes:
        inputVolume: What is segmented.
        modelName: Which model segments it; "" for none yet.
        modality: What the user says the volume is, where it does not say it itself; "" where nobody said.
        roi: The part of the volume that is segmented; None for all of it.
        outputSegmentation: Where the segments go; None for a new segmentation.
        sameName: For segments that are already there by this name: "replace" them, or "add" new ones beside.
        modalityFilter: Which models are listed; "" for all.
        anatomyFilter: Which models are listed; "" for all.
        shownSegmentation: What the panel Results is about.
        interactiveModel: Which model the effect uses; "" for none yet.
        interactiveSegmentation: What the effect edits; None for a new segmentation.
        classifyModel: Which model classifies; "" for none yet.
        classifySubject: What it judges: "segments", "click", "region" or "volume"; "" for what the model offers first.
        classifySegmentation: Whose segments it judges, or where the segment goes that is made at a click.
        classifySegment: Id of the segment that it judges; "" for all.
        classifyRoi: The region that it judges.
    """

    # Names as Slicer spells parameters: they are the keys in the scene file, and the SlicerParameterName of widgets.
    inputVolume: vtkMRMLScalarVolumeNode  # noqa: N815
    modelName: str = ""  # noqa: N815
    modality: str = ""
    roi: vtkMRMLMarkupsROINode
    outputSegmentation: vtkMRMLSegmentationNode  # noqa: N815
    sameName: str = "replace"  # noqa: N815
    modalityFilter: str = ""  # noqa: N815
    anatomyFilter: str = ""  # noqa: N815
    shownSegmentation: vtkMRMLSegmentationNode  # noqa: N815
    interactiveModel: str = ""  # noqa: N815
    interactiveSegmentation: vtkMRMLSegmentationNode  # noqa: N815
    classifyModel: str = ""  # noqa: N815
    classifySubject: str = ""  # noqa: N815
    classifySegmentation: vtkMRMLSegmentationNode  # noqa: N815
    classifySegment: str = ""  # noqa: N815
    classifyRoi: vtkMRMLMarkupsROINode  # noqa: N815
