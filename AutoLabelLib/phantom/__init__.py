"""Synthetic images of which everything is known, for demonstrations and tests.

| file        | what it does                                                                             |
|-------------|------------------------------------------------------------------------------------------|
| `chest`     | a chest CT with nodules of exactly known volume, put together from the rest               |
| `single`    | one nodule in a small block of lung, for a self-test                                     |
| `thorax`    | where body, cavity, mediastinum, lungs and fissures are, as signed distances              |
| `wall`      | skin, fat, muscles, bones                                                                |
| `organs`    | heart, great vessels, airways, upper abdomen, lung tissue                                |
| `vessels`   | lung vessels and bronchi that grow and taper                                             |
| `nodules`   | nodules: their shapes and how much of each voxel they fill                               |
| `placement` | where nodules lie                                                                        |
| `texture`   | random textures, scanner blur and noise                                                  |
| `canvas`    | a volume to paint on                                                                     |
| `solids`    | signed distances of simple solids                                                        |

The anatomy is invented; no measurement of a person went into it. Surfaces are signed distances in RAS mm, so that an
edge falls within a voxel where it belongs; nodules are counted on a lattice of hundreds of points per voxel,
so that their volume is known far better than any voxel grid could measure it.
"""
