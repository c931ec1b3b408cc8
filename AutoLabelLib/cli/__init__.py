"""The `autolabel` command, one file per verb.

main.py        the parser, exit codes, errors on one line
verb files     `add_parser(subparsers)` and `run(arguments) -> int`: demo, doctor, models, segment, interact, train,
               evaluate
arguments.py   options that several verbs share; image_arguments.py: image and output; prompts.py: prompts
progress.py    progress bars, and Ctrl-C that cancels a job cleanly
report.py      what is printed, for people and for machines
"""
