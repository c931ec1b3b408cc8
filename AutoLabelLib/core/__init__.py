"""What everything else speaks in: images, labelmaps, prompts, models, jobs, errors, and geometry.

Imports nothing of ours and nothing but numpy, so that every layer and both processes can share it.
"""
