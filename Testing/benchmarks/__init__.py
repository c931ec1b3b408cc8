"""Benchmarks: ratios within one run, because seconds differ from machine to machine and from hour to hour.

    python -m Testing.benchmarks [--quick] [--only NAME ...] [--json FILE]

| file          | measures                                                                                  |
|---------------|-------------------------------------------------------------------------------------------|
| overhead.py   | a whole job through client and worker, over the bare network on the same windows          |
| clicks.py     | the second click on a volume over the first                                               |
| interaction.py | from a prompt to the updated segment in the scene, over solver or network                |
| features.py   | handcrafted features of a nodule, in seconds of one core                                  |
| warm_start.py | a job in a warm worker over the same job in a new one                                     |
| memory.py     | peak memory of the worker's processes against the image, for 2 and for 100 classes        |
| start_up.py   | loading the modules when Slicer starts, over loading an empty module                      |

Models are DynUNets like the bundled ones, with random weights, so that no figure depends on what is installed. The
volumes are synthetic. pytest does not run these files.
"""
