"""A network from its bundle to its answers.

bundle.py  the bundle, loaded: preprocessing.py (wishes before), outputs.py (meaning after), window.py, weights.py
model_cache.py  what stays warm between jobs; ensemble.py  several networks that answer as one
engines.py  ways to run a network; engine_choice.py  the fastest that is right; passes.py  mirror images, checks
memory_ladder.py  what to give up when memory runs out
grid.py  from the image's grid onto the network's, and back
"""
