"""The Segment Editor effect "AutoLabel": point at something, and the segment follows.

| file               | what it does                                                                     |
|--------------------|----------------------------------------------------------------------------------|
| `AutoLabelEffect`  | the class that Slicer makes of this effect, with the hooks that it calls         |
| `conversation`     | prompts go in, results come back: what is asked of the model, and when           |
| `given_prompts`    | the prompts of one object in their order                                         |
| `segment_object`   | the one object that is being segmented: writes results, and takes them back      |
| `place`            | which segment of which segmentation, and in which volume                         |
| `gestures`         | mouse to prompts, in slice views; with `slice_plane` and the live `trace`        |
| `options_panel`    | the options frame; with `prompt_list`, `model_choice` and `shortcuts`            |
| `tools`, `signs`   | the tools, and what a model takes, in plain words; inside and outside as icons   |

Slicer names the module of an effect after its folder, so the folder has a name that no other extension uses.
"""
