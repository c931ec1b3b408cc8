"""Classifiers of handcrafted features: the methods that need no network and no graphics card.

    methods.py        the seven methods of scikit-learn, each as a pipeline with settings that suit some hundred cases
    folds.py          folds that keep a patient's cases together and classes in proportion
    model.py          a fitted classifier: features in, calibrated probabilities out
    model_file.py     its file, which holds no code: skops with an explicit list of trusted types
    case_features.py  the features of a list of cases, kept so that a second look at them is fast
    bundle.py         a classifier as a bundle, with its contract and its card
    classifier.py     such a bundle, loaded: what `classify` asks

Nothing that is fitted (imputation, scaling, class weights, calibration) ever sees a case that it is judged on.
"""
