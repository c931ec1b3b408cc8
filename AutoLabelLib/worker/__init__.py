"""The other process: torch and MONAI, a warm model cache, one file per task. Never imports `slicer`.

serve.py  the loop: inbox.py in, tasks/ for the work, reports.py and results out; residency.py keeps images
tasks/  one file per task, thin; options.py  what several of them offer
networks/  a network from its bundle to its answers
segmentation/  how a network segments; prompted/  bundles with prompts of their own; classical/  without a network
classification/  classes from networks; tabular/  and from features/
measurement/  explanation/  what else is said of a segment
evaluation/  classification_metrics/  classifier_comparison/  how good it all is
training/  from cases to a bundle
"""
