"""Training, from a list of cases and a recipe to a bundle.

recipe.py       what to train and how, one JSON file
cases.py        the list of cases; split.py sets some of them apart, by patient
dataset.py      cases -> cached volumes on the model's grid -> examples; augment.py varies them
prompted.py     the same for models that are told where to look: clicks.py simulates the first click,
                corrections.py the next ones, surroundings.py what lies around a case that is a small box
loop.py         the loop; losses.py, network.py, precision.py serve it; checkpoint.py and curves.py record it
export.py       averaged weights -> MONAI bundle; card.py writes its model card
"""
