"""MRML nodes to and from the core types; on the main thread, without widgets.

| file               | what it does                                                                    |
|--------------------|---------------------------------------------------------------------------------|
| `volumes`          | volume node to `Image`, `Image` to volume node, where a volume's voxels are     |
| `segmentations`    | `Labelmap` to segmentation node and back                                        |
| `segment_update`   | one segment's voxels, with its neighbours left alone                            |
| `tables`           | rows to a table node                                                            |
| `scene_files`      | the scene into an .mrb file                                                    |
| `headless`         | a MRML scene where there is no Slicer application                               |
| `nodes`            | nodes by id, and the Slicer libraries                                           |
| `transforms`       | parent transforms                                                               |
| `voxels`           | numpy arrays to and from VTK images                                             |
| `terminology`      | codes to and from Slicer's terminology entries                                  |
| `provenance`       | what made a segment, as tags                                                    |

Two frames are told apart here. *Local* is a node's own RAS, in which Slicer stores it; *world* is what
the views show, after all parent transforms. Both in mm. Nothing is ever resampled on the way into the scene: a result
takes the volume's own grid and is put under the volume's own parent transform, so that its voxels
are the volume's voxels whatever the transform is.

`slicer` and `vtk` are imported when a function needs them, because this package is also imported where they are not
installed.
"""
