"""Classifiers: what an object in an image, or the whole image, is; with what probability, and when not to believe it.

    contract.py     what a classifier's bundle says beside its ModelSpec: inputs, calibration, when it is in doubt
    resampling.py   voxels of an image on any other grid, through physical space
    inputs.py       image and mask become what the networks see: a patch, a mask channel, handcrafted features
    networks.py     networks that MONAI lacks: image patch and features to classes and ratings, the mean of several
    classifier.py   a loaded bundle: prepare, logits, probabilities
    judgement.py    what a classifier says of one object, its doubts included, as a `Finding`
    doubt.py        reasons not to believe a probability
    calibration.py  what makes probabilities come true

Each network returns (B, classes + attributes): a logit per class, then one per attribute, whose sigmoid says where
between the lowest and the highest rating it lies. So any MONAI network with enough outputs is a multi-task classifier.
"""
