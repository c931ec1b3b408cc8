"""How a network segments an image.

by_network.py  decides between the two ways, and cleans what comes out
whole_volume.py  slides over a volume (sliding_window.py) and brings the answer back band by band (projection.py)
around_prompt.py  looks around a prompt (look.py): what the network reads there is in region_input.py and guidance.py
correction_rounds.py  click after click; local_cut.py  what stands after each; start_mask.py  a mask to start from
components.py  connected parts
"""
