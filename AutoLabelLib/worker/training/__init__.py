"""Training, from a list of cases and a recipe to a bundle.

recipe.py       what to train and how, one JSON file
cases.py        the list of cases; split.py sets some of them apart, by patient
dataset.py      cases -> cached volumes on the model's grid -> examples; augment.py varies them
clicks.py       the same for models that are told where to look: simulated clicks
loop.py         the loop; losses.py, network.py, precision.py serve it; checkpoint.py and curves.py record it
export.py       averaged weights -> MONAI bundle; card.py writes its model card
"""
