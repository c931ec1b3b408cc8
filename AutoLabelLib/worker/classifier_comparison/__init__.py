"""Classifiers compared on the same folds: who is better than one feature alone, by how much, and is that luck.

options.py           what a comparison can be asked for, checked
study.py             the labelled cases with their features, and who competes
cross_validation.py  every case judged by models that knew neither it nor its patient
network.py           the same for a network, trained anew on each fold
judgement.py         figures with intervals, curves and paired tests, as JSON values
pictures.py          curves, calibration, confusion matrices and intervals as PNG
report.py            one HTML page with all of it
"""
