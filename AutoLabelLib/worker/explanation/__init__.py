"""Why a model says what it says: heat on the image, and the contributions of handcrafted features.

settings.py        methods and their choices
asked.py           which segment or class a job means
subject.py         what is explained: an image on a network's grid, and the networks that look at it
segments.py        the subject of a segmentation network: a segment
classes.py         the subject of a classification network: a class
scored_network.py  a network and a question become a function from the image to one number
layers.py          which feature map Grad-CAM looks at
methods.py         Grad-CAM, Grad-CAM++, integrated gradients, occlusion sensitivity, SmoothGrad
baseline.py        what an image looks like where something is taken out of it
deletion.py        does taking out what is marked lower the score more than taking out something else?
placing.py         heat from a network's grid to the image's own
contributions.py   what each handcrafted feature adds to a classifier's answer
pictures.py        bar plots as PNG
"""
