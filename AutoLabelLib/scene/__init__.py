"""MRML nodes to and from the core types; on the main thread, without widgets.

| file               | what it does                                                                |
|--------------------|-----------------------------------------------------------------------------|
| `volumes`          | volume node to `Image`, `Image` to volume node, where a volume's voxels are |
| `segmentations`    | `Labelmap` to segmentation node and back                                    |
| `segment_update`   | new voxels for one segment, with its neighbours left alone                  |
| `interactive_segment` | a segment that is made prompt by prompt                                  |
| `content_stamp`    | whether a volume has changed                                                |
| `modifier_labelmap` | a mask on the grid that the Segment Editor draws on                        |
| `segment_change`   | what an edit made of a segmentation, to be taken back                       |
| `labelmap_volumes` | labelmap volume node to `Labelmap`                                          |
| `tables`           | rows to a table node                                                        |
| `findings`         | the findings table; with `finding_rows`, `finding_renewal` and `finding_axes` |
| `scene_files`      | the scene into an .mrb file                                                 |
| `headless`         | a MRML scene where there is no Slicer application                           |
| `nodes`            | nodes by id, and the Slicer libraries                                       |
| `hierarchy`        | the tree of patients, studies and series                                    |
| `transforms`       | parent transforms, for matrices, positions and prompts                      |
| `layers`           | the label images that segments share                                        |
| `segments`         | one segment: what it says of itself, and its label values                   |
| `voxels`           | numpy arrays to and from VTK images                                         |
| `terminology`      | codes to and from Slicer's terminology entries                              |
| `prompt_marks`     | prompts as markups that the user can move and delete; with `mark_nodes`     |
| `clicks`, `models` | points and surfaces of our own                                              |
| `views`            | what Slicer's views show of a scene                                         |
| `render_…`         | slices and the 3D view as pixels, by Slicer's own displayable managers      |
| `contact_sheet`    | one picture of a scene; with `offscreen` and `lettering`                    |

Two frames are told apart here. *Local* is a node's own RAS, in which Slicer stores it; *world* is what
the views show, after all parent transforms. Both in mm. Nothing is ever resampled on the way into the scene: a result
takes the volume's own grid and is put under the volume's own parent transform, so that its voxels
are the volume's voxels whatever the transform is.

`slicer` and `vtk` are imported when a function needs them, because this package is also imported where they are not
installed.
"""
