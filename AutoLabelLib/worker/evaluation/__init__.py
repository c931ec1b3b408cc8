"""How well segments agree with a reference.

judged_cases.py  what is compared; predictor.py  a model's own segments of it, with a click where it needs one
comparison.py  two labelmaps brought together; metrics.py  Dice, Hausdorff distance, volume error
statistics.py  means over cases and their uncertainty
simulated_user.py  who knows the truth clicks where a result errs most
"""
