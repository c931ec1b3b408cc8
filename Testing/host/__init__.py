"""A stand-in for the Slicer application, so that panels can be driven and seen without it.

Real: the scene, its nodes, the module logics and `slicer.util`, from the headless Slicer libraries. Stand-ins: Qt, from
PySide6 with PythonQt's habits; the ctk and qMRML widgets that the panels use, bound to the real scene; the application,
its layout and its modules. README.md in this folder shows how to write a test with it.

What PythonQt refuses (calling a property, setting an attribute that does not exist, keyword arguments), this refuses.
"""
